"""Imports and their reports, behind HTTP."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from chassis.http.paging import id_after
from pricing.imports.models import Import, ImportKind, ImportStatus


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"


async def list_imports(
    connection: AsyncConnection, kind: ImportKind | None, status: ImportStatus | None, *, limit: int, cursor: str | None
) -> Sequence[Row[Any]]:
    """Newest first, one more than `limit` where there is a further page.

    Raises:
        Invalid: it is not a cursor of this list.
    """
    query = select(*Import.__table__.columns).order_by(Import.id.desc()).limit(limit + 1)
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
    found = (await connection.execute(select(*Import.__table__.columns).where(Import.id == import_id))).first()
    if found is None:
        raise NotFound
    return found


_REJECTED = text(
    """
    SELECT row, 'rejected' AS outcome, code, "column", detail FROM import_rejected_rows
    WHERE import_id = :import AND row > :after ORDER BY row LIMIT :limit
    """
)
_ACCEPTED_ARTICLES = text(
    """
    SELECT row, 'accepted' AS outcome, NULL AS code, NULL AS "column", '' AS detail FROM staged_articles
    WHERE import_id = :import AND row > :after ORDER BY row LIMIT :limit
    """
)
_ACCEPTED_PRICES = text(
    """
    SELECT p.row, 'accepted' AS outcome, NULL AS code, NULL AS "column", '' AS detail
    FROM imports i JOIN price_versions v ON v.number = i.price_version
    JOIN prices p ON p.list_number = v.list_number AND p.version = v.number
    WHERE i.id = :import AND p.row > :after ORDER BY p.row LIMIT :limit
    """
)


async def import_rows(
    connection: AsyncConnection, import_id: UUID, outcome: Outcome, after: int, limit: int
) -> Sequence[Row[Any]]:
    """Rows with this outcome, in the order of the file; one more than `limit` where there is a further page.

    Raises:
        NotFound: there is no such import.
    """
    kind = (await import_progress(connection, import_id)).kind
    accepted = _ACCEPTED_ARTICLES if kind is ImportKind.ARTICLES else _ACCEPTED_PRICES
    statement = _REJECTED if outcome is Outcome.REJECTED else accepted
    found = await connection.execute(statement, {"import": import_id, "after": after, "limit": limit + 1})
    return found.all()
