"""Connections and transactions. The entry point opens the transaction; nothing below it commits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from chassis.aggregate import UnitOfWork
from chassis.waking import NOTIFY, Waker


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


class Database:
    """One pool per process. Commands write through `transaction()`, queries read through `reading()`."""

    def __init__(self, url: str, *, name: str, pool: int = 10) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool,
            max_overflow=pool // 2,
            pool_timeout=5,
            pool_recycle=1800,
            pool_use_lifo=True,
            pool_pre_ping=False,
            hide_parameters=True,  # of a statement that fails: logs hold no personal data
            json_serializer=_to_json,
            json_deserializer=orjson.loads,
            connect_args={
                "timeout": 5,
                "command_timeout": 30,
                "server_settings": {
                    "application_name": name,
                    "jit": "off",
                    "statement_timeout": "25000",
                    "lock_timeout": "10000",
                    "idle_in_transaction_session_timeout": "60000",
                    "timezone": "UTC",
                },
            },
        )
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.waker = Waker(self._notify)

    def session(self) -> AsyncSession:
        """A session whose commit turns recorded events into outbox rows. Takes no connection before its first statement."""
        return AsyncSession(
            self.engine,
            expire_on_commit=False,
            sync_session_class=UnitOfWork,
            info={"events_committed": self.waker.committed},
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Commits at the end of the block, rolls back on an error."""
        async with self.session() as session:
            yield session
            await session.commit()

    def reading(self) -> AsyncConnection:
        """For `async with`: a connection without a transaction around its statements, for queries, which write nothing."""
        return self._reading.connect()

    async def now(self) -> datetime:
        """By the clock that all processes share: what is leased to one of them ends for all at the same time."""
        async with self.reading() as connection:
            return cast(datetime, await connection.scalar(text("SELECT clock_timestamp()")))

    async def _notify(self) -> None:
        async with self.reading() as connection:
            await connection.execute(text(NOTIFY))

    async def close(self) -> None:
        await self.engine.dispose()
