"""Articles, behind HTTP."""

from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from pricing.articles.models import Article

_COLUMNS = [column for column in Article.__table__.columns if column.name != "number"]


async def article(connection: AsyncConnection, code: str) -> Row[tuple[object, ...]]:
    """
    Raises:
        NotFound: there is none with this code.
    """
    found = (await connection.execute(select(*_COLUMNS).where(Article.code == code))).first()
    if found is None:
        raise NotFound
    return found


async def articles(connection: AsyncConnection, after: str | None, limit: int) -> Sequence[Row[tuple[object, ...]]]:
    """By code; one more than `limit` where there is a further page."""
    query = select(*_COLUMNS).order_by(Article.code).limit(limit + 1)
    if after is not None:
        query = query.where(Article.code > after)
    return (await connection.execute(query)).all()
