"""The only readers of storefronts."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.errors import Forbidden, NotFound
from contracts.identity.storefronts import Doors, entry_refusal
from identity.cursors import id_after
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


async def refusal_of_entry(session: AsyncSession, code: str, groups: Collection[str], *, own: bool) -> Forbidden | None:
    """Whether a company of these groups may enter; `own`: it belongs to this storefront."""
    found = await session.execute(
        select(storefronts.c.active, storefronts.c.access, storefronts.c.groups).where(storefronts.c.code == code)
    )
    row = found.first()
    refused = entry_refusal(Doors(*row) if row else None, groups, own=own)
    if refused is None:
        return None
    return Forbidden(refused, "The company may not enter this storefront.", facts={"storefront": code})
