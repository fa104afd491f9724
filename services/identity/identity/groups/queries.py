"""The only readers of groups behind HTTP."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from chassis.http.paging import id_after
from identity.groups.models import Group

groups = Group.__table__


async def list_groups(connection: AsyncConnection, *, limit: int, cursor: str | None) -> Sequence[Row[Any]]:
    """In the order they came, one row more than the limit where there are more."""
    query = select(groups).order_by(groups.c.id).limit(limit + 1)
    if cursor:
        query = query.where(groups.c.id > id_after(cursor))
    return (await connection.execute(query)).all()


async def read_group(connection: AsyncConnection, code: str) -> Row[Any]:
    """
    Raises:
        NotFound: there is none.
    """
    row = (await connection.execute(select(groups).where(groups.c.code == code))).first()
    if row is None:
        raise NotFound
    return row
