"""The only readers of locations behind HTTP."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.http.paging import id_after
from identity.locations.models import Location

locations = Location.__table__


async def locations_of(
    connection: AsyncConnection, company_id: UUID, *, closed: bool, limit: int, cursor: str | None
) -> Sequence[Row[Any]]:
    """Of one company in the order they came, one row more than the limit where there are more."""
    query = select(locations).where(locations.c.company_id == company_id).order_by(locations.c.id).limit(limit + 1)
    if not closed:
        query = query.where(locations.c.closed_at.is_(None))
    if cursor:
        query = query.where(locations.c.id > id_after(cursor))
    return (await connection.execute(query)).all()
