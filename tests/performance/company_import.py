"""ID-IMPORT: companies from a file, over COPY of the rows that it leaves into all tables that it writes."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from identity.app import service as identity_service
from tests.identity.imports.office import Office
from tests.performance.cpu import metered
from tests.performance.figures import Result, Shape, Void, benchmark
from tests.performance.method import Sample, paired
from tests.performance.stage import Stage

WRITTEN = ("companies", "outbox", "import_rows")
"""By an import of new companies, a row or more for each."""
HEADER = (
    "number,legal_name,country,language,storefront,vat_number,registration_number,email,invoice_address_line1,"
    "invoice_address_postal_code,invoice_address_city,invoice_address_country"
)


def file_of(rows: int) -> bytes:
    """Companies with a VAT number that passes the check digit."""
    lines = (
        f"K-{n:07d},Bakkerij {n} B.V.,NL,nl,main,NL004495445B{n % 99 + 1:02d},{10_000_000 + n},office-{n}@firm.example,"
        f"Kade {n},3011 AA,Rotterdam,NL"
        for n in range(rows)
    )
    return "\n".join([HEADER, *lines]).encode()


@dataclass
class Importing:
    """An office with an empty identity, and tables like those that it writes."""

    office: Office
    connection: Any
    file: bytes
    rows: int
    pids: dict[str, int]
    copied: dict[str, bytes] = field(default_factory=dict)

    async def import_all(self) -> Sample:
        """From the upload until all are companies, preview included."""
        await self.connection.execute(f"TRUNCATE {', '.join(WRITTEN)}, imports CASCADE")
        with metered(self.pids) as spent:
            preview = await self.office.preview("companies", self.file)
            previewed = time.perf_counter()
            applied = await self.office.apply(preview)
            applying = time.perf_counter() - previewed
        if (applied["status"], applied["created"]) != ("applied", self.rows):
            raise Void(f"of {self.rows} rows: {applied}")
        facts = {"applying_rows_per_s": self.rows / applying}
        return Sample(self.rows / spent.seconds, spent.per(self.rows), facts)

    async def prepare(self) -> None:
        """Keeps the rows that an import has left."""
        await self.import_all()
        for table in WRITTEN:
            made = f"CREATE TABLE copied_{table} (LIKE {table} INCLUDING DEFAULTS INCLUDING INDEXES INCLUDING IDENTITY)"
            await self.connection.execute(made)
            content = bytearray()

            async def keep(piece: bytes, into: bytearray = content) -> None:
                into += piece

            columns = await self._columns(table)
            of = ", ".join(f'"{name}"' for name in columns)
            await self.connection.copy_from_query(f"SELECT {of} FROM {table}", output=keep)
            self.copied[table] = bytes(content)

    async def _columns(self, table: str) -> list[str]:
        """Those that are not generated."""
        rows = await self.connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND table_schema = 'public'"
            " AND is_generated = 'NEVER' ORDER BY ordinal_position",
            table,
        )
        return [row["column_name"] for row in rows]

    async def copy(self) -> Sample:
        for table in WRITTEN:
            await self.connection.execute(f"TRUNCATE copied_{table}")
        with metered(self.pids) as spent:
            async with self.connection.transaction():
                for table, content in self.copied.items():
                    await self.connection.copy_to_table(
                        f"copied_{table}", source=_pieces(content), columns=await self._columns(table)
                    )
        for table in WRITTEN:
            there = await self.connection.fetchval(f"SELECT count(*) FROM copied_{table}")
            if there < self.rows:
                raise Void(f"{there} rows were copied into {table}")
        return Sample(
            self.rows / spent.seconds, spent.per(self.rows), {"applying_rows_per_s": self.rows / spent.seconds}
        )


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(content), 1 << 20):
        yield content[begin : begin + (1 << 20)]


@benchmark("ID-IMPORT", shape=Shape.INFRASTRUCTURE)
async def company_import(stage: Stage) -> list[Result]:
    rows = stage.size(50_000, 2_000)
    async with stage.new_database(identity_service) as database:
        office = Office(database)
        await office.begin()
        async with office.http, stage.connection(database.url.rpartition("/")[2]) as connection:
            importing = Importing(office, connection, file_of(rows), rows, stage.pids("postgres"))
            await importing.prepare()
            rate = await paired(importing.copy, importing.import_all, pairs=3, seed=stage.seed)
    return [rate.result("ID-IMPORT", {"rows": rows, **rate.medians()})]
