"""The only readers of requests for access behind HTTP."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.http.paging import id_after
from identity.access_requests.models import AccessRequest, AccessRequestStatus

_requests = AccessRequest.__table__


async def list_requests(
    connection: AsyncConnection, *, status: AccessRequestStatus | None, limit: int, cursor: str | None
) -> Sequence[Row[Any]]:
    """Oldest first, one row more than the limit where there are more."""
    query = select(_requests).order_by(_requests.c.id).limit(limit + 1)
    if status:
        query = query.where(_requests.c.status == status)
    if cursor:
        query = query.where(_requests.c.id > id_after(cursor))
    return (await connection.execute(query)).all()


async def organisation_of(session: AsyncSession, request_id: UUID) -> str | None:
    """None: there is no such request."""
    found: str | None = await session.scalar(select(_requests.c.organisation).where(_requests.c.id == request_id))
    return found
