"""The only readers of staff behind HTTP."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from chassis.http.paging import id_after
from identity.staff.models import StaffMember

_staff = StaffMember.__table__


async def list_staff(
    connection: AsyncConnection, *, deactivated: bool, limit: int, cursor: str | None
) -> Sequence[Row[Any]]:
    """In the order they came, one row more than the limit where there are more."""
    query = select(_staff).order_by(_staff.c.id).limit(limit + 1)
    if not deactivated:
        query = query.where(_staff.c.active)
    if cursor:
        query = query.where(_staff.c.id > id_after(cursor))
    return (await connection.execute(query)).all()


async def read_staff(connection: AsyncConnection, staff_id: UUID) -> Row[Any]:
    """
    Raises:
        NotFound: there is none.
    """
    row = (await connection.execute(select(_staff).where(_staff.c.id == staff_id))).first()
    if row is None:
        raise NotFound
    return row
