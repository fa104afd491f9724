"""Price lists and their prices, behind HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from pricing.price_lists.models import PriceList

_COLUMNS = [column for column in PriceList.__table__.columns if column.name != "number"]


async def price_list(connection: AsyncConnection, code: str) -> Row[Any]:
    """
    Raises:
        NotFound: there is none with this code.
    """
    found = (await connection.execute(select(*_COLUMNS).where(PriceList.code == code))).first()
    if found is None:
        raise NotFound
    return found


async def price_lists(connection: AsyncConnection, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """By code; one more than `limit` where there is a further page."""
    query = select(*_COLUMNS).order_by(PriceList.code).limit(limit + 1)
    if after is not None:
        query = query.where(PriceList.code > after)
    return (await connection.execute(query)).all()


_PRICES = text(
    """
    WITH list AS (SELECT number FROM price_lists WHERE code = :code),
    named AS (
        SELECT DISTINCT p.article_number FROM prices p, list
        WHERE p.list_number = list.number AND p.article_number > :after
        ORDER BY p.article_number LIMIT :limit)
    SELECT named.article_number, a.code AS article, p.from_quantity, p.unit_price, p.valid_from, p.valid_until
    FROM named
    JOIN list ON true
    JOIN articles a ON a.number = named.article_number
    LEFT JOIN LATERAL (
        SELECT p.* FROM prices p JOIN price_versions v ON v.number = p.version
        WHERE p.list_number = list.number AND p.article_number = named.article_number AND v.recorded_from <= :at
        ORDER BY p.version DESC FETCH FIRST 1 ROW WITH TIES) p ON true
    ORDER BY named.article_number, p.from_quantity, p.valid_from NULLS FIRST
    """
)


async def prices(connection: AsyncConnection, code: str, after: int, limit: int, at: datetime) -> Sequence[Row[Any]]:
    """The prices in force at a moment, for the next `limit + 1` articles after the one of this number.

    A row without a price is an article that the list named once, or will when an import is applied.
    """
    found = await connection.execute(_PRICES, {"code": code, "after": after, "limit": limit + 1, "at": at})
    return found.all()
