"""Imports and what becomes of their rows, behind HTTP."""

import io
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.errors import NotFound
from chassis.http.paging import id_after
from chassis.spreadsheets import neutral, plain
from identity.imports.columns import REASON
from identity.imports.models import Import, ImportKind, ImportStatus, Outcome, import_rows
from identity.imports.table_file import written_row

_AT_A_TIME = 500


async def list_imports(
    connection: AsyncConnection, kind: ImportKind | None, status: ImportStatus | None, *, limit: int, cursor: str | None
) -> Sequence[Row[Any]]:
    """Newest first, one more than `limit` where there is a further page."""
    query = select(Import.__table__).order_by(Import.id.desc()).limit(limit + 1)
    if kind:
        query = query.where(Import.kind == kind)
    if status:
        query = query.where(Import.status == status)
    if cursor:
        query = query.where(Import.id < id_after(cursor))
    return (await connection.execute(query)).all()


async def import_progress(connection: AsyncConnection, import_id: UUID) -> Row[Any]:
    """
    Raises:
        NotFound: there is no such import.
    """
    found = (await connection.execute(select(Import.__table__).where(Import.id == import_id))).first()
    if found is None:
        raise NotFound
    return found


async def rows_of(
    connection: AsyncConnection, import_id: UUID, outcome: Outcome | None, after: int, limit: int
) -> Sequence[Any]:
    """In the order of the file; one more than `limit` where there is a further page.

    Raises:
        NotFound: there is no such import.
    """
    await import_progress(connection, import_id)
    of = import_rows.c
    query = select(of.row, of.outcome, of.fields, of.code, of.column, of.detail)
    query = query.where(of.import_id == import_id, of.row > after).order_by(of.row).limit(limit + 1)
    if outcome is not None:
        query = query.where(of.outcome == outcome.value)
    return (await connection.execute(query)).all()


async def refused_rows(database: Database, import_id: UUID, header: Sequence[str]) -> AsyncIterator[str]:
    """The refused rows as a file that can be corrected and sent again: the cells as they came, and the reason."""
    buffer, after = io.StringIO(), 0
    names = [plain(name) for name in header]
    reasons = [place for place, name in enumerate(names) if name.strip().lower() == REASON]
    yield "\ufeff" + written_row(map(neutral, [*_without(names, reasons), REASON]), buffer)
    of = import_rows.c
    query = select(of.row, of.cells, of.code, of.column, of.detail).order_by(of.row).limit(_AT_A_TIME)
    query = query.where(of.import_id == import_id, of.outcome == Outcome.REFUSED.value)
    while True:
        async with database.reading() as connection:
            rows = (await connection.execute(query.where(of.row > after))).all()
        for row in rows:
            reason = f"{row.code}{f' in {row.column}' if row.column else ''}: {row.detail}"
            cells = [neutral(plain(cell)) for cell in _without(orjson.loads(row.cells), reasons)]
            yield written_row([*cells, *[""] * (len(header) - len(reasons) - len(cells)), reason], buffer)
        if len(rows) < _AT_A_TIME:
            return
        after = rows[-1].row


def _without(cells: Sequence[str], places: Sequence[int]) -> list[str]:
    return [cell for place, cell in enumerate(cells) if place not in places]
