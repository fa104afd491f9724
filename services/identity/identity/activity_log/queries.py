"""The only readers of the activity log, but for its verification."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.http.paging import decode_cursor, not_of_this_list
from identity.activity_log.chain import BEGINNING
from identity.activity_log.models import FILTERED, Door, activity_table, seals_table


@dataclass(frozen=True)
class Wanted:
    """What is None does not filter."""

    company_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    type: str | None = None
    actor: str | None = None
    door: Door | None = None
    subject: str | None = None
    correlation_id: str | None = None
    source: str | None = None


Position = tuple[datetime, int]
"""Of a row in the list: when it happened, and its id."""


async def activity(
    connection: AsyncConnection, wanted: Wanted, *, limit: int, after: Position | None = None
) -> Sequence[Row[Any]]:
    """Latest first; of those behind the position, where one is given."""
    table = activity_table.c
    query = select(activity_table).order_by(table.happened_at.desc(), table.id.desc()).limit(limit)
    for name in FILTERED:
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(table[name] == value)
    if wanted.since:
        query = query.where(table.happened_at >= wanted.since)
    if wanted.until:
        query = query.where(table.happened_at < wanted.until)
    if after:
        query = query.where(tuple_(table.happened_at, table.id) < after)
    return (await connection.execute(query)).all()


def position_of(cursor: str) -> Position:
    """The position behind which the page begins.

    Raises:
        Invalid: it is not a cursor of this list.
    """
    happened_at, number = decode_cursor(cursor, 2)
    try:
        position = datetime.fromisoformat(happened_at).astimezone(UTC), int(number)
    except (ValueError, TypeError, OverflowError) as error:
        raise not_of_this_list() from error
    if not 0 < position[1] < 2**63:
        raise not_of_this_list()
    return position


@dataclass(frozen=True)
class Head:
    """Where the chain ends now."""

    position: int
    """So many rows are sealed."""
    hash: bytes


async def head(connection: AsyncConnection | AsyncSession) -> Head:
    seals = seals_table.c
    last = await connection.execute(select(seals.position, seals.hash).order_by(seals.position.desc()).limit(1))
    found = last.first()
    return Head(found.position, found.hash) if found else Head(0, BEGINNING)
