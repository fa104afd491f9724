"""The only readers of storefronts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from chassis.http.paging import id_after
from identity.storefronts.models import Storefront

storefronts = Storefront.__table__


async def list_storefronts(connection: AsyncConnection, *, limit: int, cursor: str | None) -> Sequence[Row[Any]]:
    """In the order they came, one row more than the limit where there are more."""
    query = select(storefronts).order_by(storefronts.c.id).limit(limit + 1)
    if cursor:
        query = query.where(storefronts.c.id > id_after(cursor))
    return (await connection.execute(query)).all()


async def read_storefront(connection: AsyncConnection, code: str) -> Row[Any]:
    """
    Raises:
        NotFound: there is none.
    """
    row = (await connection.execute(select(storefronts).where(storefronts.c.code == code))).first()
    if row is None:
        raise NotFound
    return row
