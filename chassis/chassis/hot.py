"""A statement on a hot path, straight over asyncpg: there SQLAlchemy's share is a third of its cost."""

import re
from collections.abc import Mapping
from typing import Any, Self

import asyncpg
from sqlalchemy import ClauseElement, Connection
from sqlalchemy.dialects.postgresql import asyncpg as dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

_NAME = re.compile(r"(?<!:):([a-z_0-9]+)")
_LOST = (asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresConnectionError, OSError)
"""The pool does not see such an error of the driver, and must not hand this connection out again."""
_NAMED: Any = dialect.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


class HotStatement:
    """A query with `:name` parameters, prepared once per connection.

    Args:
        constants: values of parameters that are always the same.
    """

    def __init__(self, sql: str, constants: Mapping[str, Any] | None = None) -> None:
        self._names = list(dict.fromkeys(_NAME.findall(sql)))
        self._constants = dict(constants or {})
        self.sql = _NAME.sub(lambda found: f"${self._names.index(found[1]) + 1}", sql)

    @classmethod
    def of(cls, query: ClauseElement) -> Self:
        """What SQLAlchemy makes of a query with `bindparam`s, once. Values are as the driver has them: enumerations text."""
        compiled = query.compile(dialect=_NAMED)
        return cls(compiled.string, {name: value for name, value in compiled.params.items() if value is not None})

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        """In the order in which `sql` numbers them."""
        given = {**self._constants, **values}
        return [given[name] for name in self._names]

    async def rows(self, on: AsyncConnection | AsyncSession, values: dict[str, Any]) -> list[Any]:
        """Records, which can be read by name and as tuples; as a part of the transaction, where there is one.

        What the session has changed is written before, as it is before SQLAlchemy's own statements.
        """
        if isinstance(on, AsyncSession) and (on.new or on.dirty or on.deleted):
            await on.flush()
        connection = await in_transaction(on)
        try:
            found: list[Any] = await driver_of(connection).fetch(self.sql, *self.arguments(values))
        except _LOST:
            await connection.invalidate()
            raise
        return found

    def run(self, connection: Connection, values: dict[str, Any]) -> None:
        """From where SQLAlchemy lets nobody await: a hook of a session, whose transaction has begun."""
        adapted: Any = connection.connection.dbapi_connection
        try:
            adapted.run_async(lambda driver: driver.fetch(self.sql, *self.arguments(values)))
        except _LOST:
            connection.invalidate()
            raise


async def in_transaction(on: AsyncConnection | AsyncSession) -> AsyncConnection:
    """The connection after its transaction has begun: SQLAlchemy begins it with the first statement of its own."""
    connection = await on.connection() if isinstance(on, AsyncSession) else on
    if not driver_of(connection).is_in_transaction():
        assert connection.sync_connection is not None
        adapted: Any = connection.sync_connection.connection.dbapi_connection
        try:
            await adapted._start_transaction()  # does nothing where there shall be none
        except (dialect.AsyncAdapt_asyncpg_dbapi.Error, *_LOST) as error:
            await connection.invalidate()
            raise (error.__cause__ or error) from None  # the driver's own, as `rows` raises it
    return connection


def driver_of(connection: AsyncConnection) -> Any:
    """asyncpg's own connection."""
    assert connection.sync_connection is not None
    return connection.sync_connection.connection.driver_connection
