"""A statement on a hot path, straight over asyncpg: there SQLAlchemy's share is a third of its cost."""

import re
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession


class HotStatement:
    """A query with `:name` parameters, prepared once per connection."""

    def __init__(self, sql: str) -> None:
        self._names = list(dict.fromkeys(re.findall(r"(?<!:):([a-z_]+)", sql)))
        self.sql = re.sub(r"(?<!:):([a-z_]+)", lambda found: f"${self._names.index(found[1]) + 1}", sql)

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        """In the order in which `sql` numbers them."""
        return [values[name] for name in self._names]

    async def within(self, session: AsyncSession, values: dict[str, Any]) -> list[Any]:
        """Records, as a part of the session's transaction, which another statement has begun.

        Raises:
            RuntimeError: none has.
        """
        connection = await session.connection()
        if not _driver(connection).is_in_transaction():
            raise RuntimeError("a hot statement can not be the first of a transaction")
        return await self.rows(connection, values)

    async def rows(self, connection: AsyncConnection, values: dict[str, Any]) -> list[Any]:
        """Records, which can be read by name and as tuples."""
        driver = _driver(connection)
        try:
            found: list[Any] = await driver.fetch(self.sql, *self.arguments(values))
        except (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, OSError):
            await connection.invalidate()  # the pool does not see the error, and must not hand it out again
            raise
        return found


def _driver(connection: AsyncConnection) -> Any:
    assert connection.sync_connection is not None
    return connection.sync_connection.connection.driver_connection
