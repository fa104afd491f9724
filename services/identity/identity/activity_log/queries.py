"""The only reader of the activity log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.http.paging import decode_cursor
from identity.activity_log.models import activity_table


@dataclass(frozen=True)
class Wanted:
    """What is None does not filter."""

    company_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    type: str | None = None
    actor: str | None = None


async def activity(
    connection: AsyncConnection, wanted: Wanted, *, limit: int, cursor: str | None
) -> Sequence[Row[Any]]:
    """Latest first, one row more than the limit where there are more."""
    table = activity_table.c
    query = select(activity_table).order_by(table.id.desc()).limit(limit + 1)
    for column, value in (
        (table.company_id, wanted.company_id),
        (table.type, wanted.type),
        (table.actor, wanted.actor),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.since:
        query = query.where(table.happened_at >= wanted.since)
    if wanted.until:
        query = query.where(table.happened_at < wanted.until)
    if cursor:
        (before,) = decode_cursor(cursor, 1)
        query = query.where(table.id < int(before))
    return (await connection.execute(query)).all()
