"""Reads imports, in the background, and foretells what becomes of each row.

A thread parses; what it finds is written in chunks while it parses the next, each committed with how far the import has
come. Whoever reads holds the import's lock; one that dies loses it, and the next goes on after the last chunk. Nothing of
the file is kept in memory.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database
from chassis.errors import Invalid
from chassis.service import Resources
from identity.ahead import make_ahead
from identity.bulk import copy_into
from identity.imports.columns import RowReader
from identity.imports.kinds import KINDS
from identity.imports.models import Import, ImportStatus, Outcome, Refused, Settled, import_pieces, import_rows
from identity.imports.row import Kind
from identity.imports.stored_file import StoredFile
from identity.imports.table_file import Rows, open_table

log = logging.getLogger(__name__)

CHUNK = 1_000
NAMED = 20
"""Of the rows that are about the same."""
_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
_REPEATED = text(
    """
    SELECT array_agg(row ORDER BY row) FROM import_rows
    WHERE import_id = :import AND outcome <> 'refused' GROUP BY key HAVING count(*) > 1
    """
)
_REFUSE = text(
    """
    UPDATE import_rows SET outcome = 'refused', code = 'row-repeated', detail = :detail
    WHERE import_id = :import AND row = :row
    """
)
_COUNT = text("SELECT outcome, count(*) FROM import_rows WHERE import_id = :import GROUP BY outcome")


@dataclass(frozen=True)
class _Looked:
    """A row of the file: what it says under which key, or why it is refused."""

    number: int
    cells: list[str]
    said: dict[str, Any] | None
    key: str | None
    refused: Refused | None


@dataclass(frozen=True)
class _Chunk:
    looked: Sequence[_Looked]
    through: int
    """Bytes of the file."""


async def read_imports(database: Database, _resources: Resources, _at: datetime) -> bool:
    """Background work: reads one import that nobody else reads; False if there is none."""
    async with database.reading() as connection:
        waiting = await connection.scalars(
            select(Import.id).where(Import.status == ImportStatus.READING).order_by(Import.id)
        )
    for import_id in waiting.all():
        if await _read_if_free(database, import_id):
            return True
    return False


async def _read_if_free(database: Database, import_id: UUID) -> bool:
    async with database.reading() as connection:
        name = {"name": f"import {import_id}"}
        if not await connection.scalar(_LOCK, name):
            return False
        try:
            found = (await connection.execute(select(Import.__table__).where(Import.id == import_id))).one()
            if found.status is not ImportStatus.READING:
                return False
            try:
                await _Reading(database, found).to_the_end()
            except Invalid as error:
                await _fail(database, import_id, error)
            return True
        finally:
            await connection.execute(_UNLOCK, name)


async def _fail(database: Database, import_id: UUID, error: Invalid) -> None:
    async with database.transaction() as session:
        found = await session.get_one(Import, import_id, with_for_update=True)
        found.fail(error.code, error.detail)
        await session.execute(delete(import_rows).where(import_rows.c.import_id == import_id))
        await session.execute(delete(import_pieces).where(import_pieces.c.import_id == import_id))
    log.warning("import failed", extra={"import_id": str(import_id), "code": error.code})


class _Reading:
    """One pass over a file."""

    def __init__(self, database: Database, found: Any) -> None:
        self._database = database
        self._import_id: UUID = found.id
        self._kind: Kind = KINDS[found.kind]
        self._file = StoredFile(database, found.id, found.size)
        self._read: int = found.rows

    async def to_the_end(self) -> None:
        """
        Raises:
            Invalid: the file can not be read.
        """
        found, rows = await asyncio.to_thread(open_table, self._file)
        header = self._kind.columns.header(found)
        reader = RowReader(self._kind.columns, header)
        await make_ahead(self._chunks(rows, reader), partial(self._commit, found))
        async with self._database.transaction() as session:
            await self._finish(session, found)

    def _chunks(self, rows: Rows, reader: RowReader) -> Iterator[_Chunk]:
        next(islice(rows, self._read, self._read), None)
        while looked := [self._look_at(number, cells, reader) for number, cells in islice(rows, CHUNK)]:
            yield _Chunk(looked, self._file.tell())

    def _look_at(self, number: int, cells: list[str], reader: RowReader) -> _Looked:
        said = reader.look_at(cells)
        key = said if isinstance(said, Refused) else self._kind.key(said)
        if isinstance(key, Refused):
            return _Looked(number, cells, None, None, key)
        assert not isinstance(said, Refused)
        return _Looked(number, cells, said, key, None)

    async def _commit(self, header: list[str], chunk: _Chunk) -> None:
        async with self._database.transaction() as session:
            await self._write(session, header, chunk)

    async def _write(self, session: AsyncSession, header: list[str], chunk: _Chunk) -> None:
        looked = chunk.looked
        said = [one.said for one in looked if one.said is not None]
        foretold = iter(await self._kind.settle(session, said, None))
        settled = [Settled.refusing(one.refused) if one.refused else next(foretold) for one in looked]
        names = ["import_id", "row", "outcome", "key", "cells", "values", "fields", "code", "column", "detail"]
        records = (self._record(one, become) for one, become in zip(looked, settled, strict=True))
        await copy_into(session, import_rows, names, records)
        counts = Counter(become.outcome for become in settled)
        come = await session.scalar(
            update(Import)
            .where(Import.id == self._import_id, Import.status == ImportStatus.READING, Import.rows == self._read)
            .values(
                rows=self._read + len(looked),
                bytes_read=chunk.through,
                header=header,
                **{outcome.value: getattr(Import, outcome.value) + counts[outcome] for outcome in Outcome},
            )
            .returning(Import.id)
        )
        if come is None:
            raise ConnectionError("the import was read by somebody else")  # rolls this chunk back
        self._read += len(looked)

    def _record(self, one: _Looked, become: Settled) -> tuple[Any, ...]:
        refused = become.refused
        return (
            self._import_id,
            one.number,
            become.outcome.value,
            one.key,
            orjson.dumps(one.cells).decode(),
            orjson.dumps(become.kept or one.said).decode() if one.said is not None else None,
            orjson.dumps(become.fields).decode() if become.fields else None,
            *((refused.code, refused.column, refused.detail) if refused else (None, None, None)),
        )

    async def _finish(self, session: AsyncSession, header: list[str]) -> None:
        found = await session.get_one(Import, self._import_id, with_for_update=True)
        if not self._read:
            raise Invalid("file-empty", "The file has a header and no rows.")
        await self._refuse_repeated(session)
        counts = {row.outcome: row.count for row in await session.execute(_COUNT, {"import": self._import_id})}
        for outcome in Outcome:
            setattr(found, outcome.value, counts.get(outcome.value, 0))
        found.status, found.bytes_read, found.header = ImportStatus.PREVIEWED, found.size, header
        await session.execute(delete(import_pieces).where(import_pieces.c.import_id == self._import_id))

    async def _refuse_repeated(self, session: AsyncSession) -> None:
        """Found first and then refused one by one: for a join of both PostgreSQL would choose a plan by what it knew of the
        table before these rows came, and might look at all of them again for each."""
        about_the_same = (await session.scalars(_REPEATED, {"import": self._import_id})).all()
        refusals = [
            {
                "import": self._import_id,
                "row": row,
                "detail": f"rows {', '.join(map(str, rows[:NAMED]))} are about the same",
            }
            for rows in about_the_same
            for row in rows
        ]
        if refusals:
            await session.execute(_REFUSE, refusals)
