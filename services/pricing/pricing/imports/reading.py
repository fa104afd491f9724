"""Reads the rows of an import, in the background.

Rows go straight to where they will be used: prices as a version of their list that is not in force yet, articles to
`staged_articles`. They are copied in chunks, each committed together with how far the import has come, on the connection
that holds the import's lock. A worker that dies loses both; the next one goes on after the last chunk.
"""

import asyncio
import csv
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import select

from chassis.database import Database
from chassis.service import Resources
from pricing.imports import article_rows, price_rows
from pricing.imports.article_rows import ArticleRows
from pricing.imports.commands import discard_version
from pricing.imports.csv_file import CsvFile, Rejected
from pricing.imports.models import Import, ImportKind, ImportStatus
from pricing.imports.price_rows import PriceRows

log = logging.getLogger(__name__)

CHUNK = 5_000
AT_A_TIME = 100
"""Rows between two chances for whatever else this process does: about a millisecond."""
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_COME_THIS_FAR = """
UPDATE imports SET read = $3, accepted = accepted + $4, rejected = rejected + $5
WHERE id = $1 AND status = 'reading' AND read = $2 RETURNING id
"""


class Rows(Protocol):
    """Looks at rows; keeps the accepted ones until they are taken."""

    def look_at(self, row: int, cells: list[str]) -> Rejected | None: ...

    def take(self) -> Sequence[Any]:
        """What was accepted since the last time."""

    async def copy(self, connection: Any, accepted: Any) -> None:
        """Writes what was taken."""


@dataclass
class Prices:
    list_number: int
    version: int
    rows: PriceRows
    lines: list[str] = field(default_factory=list)

    def look_at(self, row: int, cells: list[str]) -> Rejected | None:
        looked = self.rows.look_at(row, cells)
        if isinstance(looked, Rejected):
            return looked
        number, article, quantity, price, begins, ends = looked
        self.lines.append(
            f"{self.list_number}\t{article}\t{self.version}\t{number}\t{quantity}\t{price}\t{begins}\t{ends}\n"
        )
        return None

    def take(self) -> Sequence[str]:
        taken, self.lines = self.lines, []
        return taken

    async def copy(self, connection: Any, accepted: Sequence[str]) -> None:
        async def source() -> Any:
            yield "".join(accepted).encode()

        if accepted:
            await connection.copy_to_table(
                "prices",
                source=source(),
                columns=[
                    "list_number", "article_number", "version", "row", "from_quantity", "unit_price", "valid_from",
                    "valid_until",
                ],
            )  # fmt: skip


@dataclass
class Articles:
    import_id: UUID
    rows: ArticleRows
    records: list[dict[str, Any]] = field(default_factory=list)

    def look_at(self, row: int, cells: list[str]) -> Rejected | None:
        looked = self.rows.look_at(row, cells)
        if isinstance(looked, Rejected):
            return looked
        self.records.append({"import_id": self.import_id, **looked, "names": orjson.dumps(looked["names"]).decode()})
        return None

    def take(self) -> Sequence[dict[str, Any]]:
        taken, self.records = self.records, []
        return taken

    async def copy(self, connection: Any, accepted: Sequence[dict[str, Any]]) -> None:
        if accepted:
            await connection.copy_records_to_table(
                "staged_articles",
                columns=list(accepted[0]),
                records=[tuple(one.values()) for one in accepted],
            )


async def read_imports(database: Database, _resources: Resources, _at: datetime) -> bool:
    """Background work: reads one import that nobody else reads; False if there is none."""
    async with database.reading() as connection:
        waiting = await connection.scalars(
            select(Import.id).where(Import.status == ImportStatus.READING).order_by(Import.id)
        )
        ids = waiting.all()
    for import_id in ids:
        if await _read_if_free(database, import_id):
            return True
    return False


async def _read_if_free(database: Database, import_id: UUID) -> bool:
    connection = await asyncpg.connect(
        database.url.replace("+asyncpg", ""),
        timeout=5,
        command_timeout=60,
        server_settings={"application_name": "pricing-import", "timezone": "UTC"},
    )
    try:
        if not await connection.fetchval(_LOCK, f"import {import_id}"):
            return False
        found = await connection.fetchrow(
            "SELECT i.*, f.content FROM imports i JOIN import_files f ON f.import_id = i.id "
            "WHERE i.id = $1 AND i.status = 'reading'",
            import_id,
        )
        if found is None:
            return False
        try:
            await _read(connection, found)
        except csv.Error:
            await _fail(database, import_id, "file-malformed")
        return True
    finally:
        await connection.close()


async def _read(connection: Any, found: Any) -> None:
    if found["kind"] == ImportKind.ARTICLES:
        file = CsvFile(found["content"], article_rows.COLUMNS)
        rows: Rows = Articles(found["id"], ArticleRows(file.header))
    else:
        file = CsvFile(found["content"], price_rows.COLUMNS)
        articles = dict(await connection.fetch("SELECT code, number FROM articles"))
        of_list = await connection.fetchval(
            "SELECT list_number FROM price_versions WHERE number = $1", found["price_version"]
        )
        rows = Prices(of_list, found["price_version"], PriceRows(file.header, articles))
    reading = _Reading(connection, found["id"], rows, file.rows())
    await reading.skip(found["read"])
    await reading.to_the_end()


@dataclass(frozen=True)
class _Chunk:
    """Rows that were looked at.

    Attributes:
        looked: how many; fewer than `CHUNK` are the last.
    """

    looked: int
    accepted: Sequence[Any]
    rejected: Sequence[tuple[int, Rejected]]


class _Reading:
    """One pass over a file."""

    def __init__(
        self, connection: Any, import_id: UUID, rows: Rows, lines: Iterator[tuple[int, list[str] | Rejected]]
    ) -> None:
        self._connection = connection
        self._import_id = import_id
        self._rows = rows
        self._lines = lines
        self._read = 0

    async def _look(self, most: int) -> _Chunk:
        """Looks at so many rows at most."""
        looked, rejected = 0, []
        for number, cells in self._lines:
            refusal = cells if isinstance(cells, Rejected) else self._rows.look_at(number, cells)
            if refusal is not None:
                rejected.append((number, refusal))
            looked += 1
            if looked % AT_A_TIME == 0:
                await asyncio.sleep(0)
            if looked == most:
                break
        return _Chunk(looked, self._rows.take(), rejected)

    async def skip(self, already: int) -> None:
        """Looks again at what an earlier worker has copied, so that repeated rows are known; writes nothing."""
        if already:
            self._read = (await self._look(already)).looked

    async def to_the_end(self) -> None:
        """Looks at the next rows while the last ones are being written; at the end the import is `previewed`."""
        chunk = await self._look(CHUNK)
        while chunk.looked == CHUNK:
            writing = asyncio.create_task(self._write(chunk, at_end=False))
            try:
                chunk = await self._look(CHUNK)
            finally:
                await writing
        await self._write(chunk, at_end=True)

    async def _write(self, chunk: _Chunk, *, at_end: bool) -> None:
        async with self._connection.transaction():
            await self._rows.copy(self._connection, chunk.accepted)
            await self._connection.copy_records_to_table(
                "import_rejected_rows",
                columns=["import_id", "row", "code", "column", "detail"],
                records=[(self._import_id, number, one.code, one.column, one.detail) for number, one in chunk.rejected],
            )
            before, self._read = self._read, self._read + chunk.looked
            come = await self._connection.fetchval(
                _COME_THIS_FAR, self._import_id, before, self._read, len(chunk.accepted), len(chunk.rejected)
            )
            if come is None:
                raise RuntimeError("the import was read by somebody else")  # rolls this chunk back
            if at_end:
                await self._connection.execute(
                    "UPDATE imports SET status = 'previewed', rows = read WHERE id = $1", self._import_id
                )
                await self._connection.execute("DELETE FROM import_files WHERE import_id = $1", self._import_id)


async def _fail(database: Database, import_id: UUID, code: str) -> None:
    async with database.transaction() as session:
        found = await session.get_one(Import, import_id, with_for_update=True)
        found.fail(code)
        await discard_version(session, found.price_version)
    log.warning("import failed", extra={"import_id": str(import_id), "code": code})
