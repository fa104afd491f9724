"""The stack on which a run measures, and what every benchmark takes from it."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

import local_stack
from chassis.database import Database
from chassis.housekeeping import keep_house
from chassis.ids import new_id
from chassis.migrations import migrate
from chassis.namespace import prepare_namespace
from chassis.service import Service
from local_stack import Stack
from local_stack.layout import ROLES, SERVICES
from tests.performance.figures import Shape
from tests.performance.shop import Shop, open_shop

NAME = os.environ.get("COUNTERSIGN_TEST_STACK", "bench")

UNTRACED = {service: {"COUNTERSIGN_TRACE_FILE": ""} for service in SERVICES}
"""The local stack writes every span to a file, for the demo; nobody runs a shop like that."""


def _runs() -> bool:
    try:
        local_stack.load(NAME)
    except local_stack.StackError:
        return False
    return True


@dataclass
class Stage:
    """
    Attributes:
        quick: small sizes, to see that everything works; the numbers mean little.
    """

    seed: int
    quick: bool = False
    shape: Shape = Shape.NOTHING
    results: dict[str, float] = field(default_factory=dict)
    """What earlier benchmarks of this run measured, for those that build on it."""
    _stack: Stack | None = None
    _shop: Shop | None = None
    _cleaning: AsyncExitStack = field(default_factory=AsyncExitStack)

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    @property
    def stack(self) -> Stack:
        assert self._stack is not None
        return self._stack

    @property
    def shop(self) -> Shop:
        assert self._shop is not None
        return self._shop

    async def become(self, shape: Shape) -> None:
        """Brings the stack into this shape. It begins without any data, unless it was kept running."""
        if shape is self.shape:
            return
        await self._cleaning.aclose()
        if shape is Shape.NOTHING:
            await asyncio.to_thread(local_stack.down, NAME)
        else:
            await self._up(shape)
        self.shape = shape

    async def _up(self, shape: Shape) -> None:
        if self._stack is None or self.shape is Shape.NOTHING:
            self._stack = await asyncio.to_thread(local_stack.up, NAME, infra_only=True, fresh=not _runs())
            await self._keep_commit_times()
            await prepare_namespace(self._stack.temporal, self._stack.temporal_namespace)
        if shape in (Shape.SPLIT, Shape.WHOLE):
            self._stack = await asyncio.to_thread(local_stack.up, NAME, split=shape is Shape.SPLIT, overrides=UNTRACED)
            self._shop = await self._cleaning.enter_async_context(open_shop(self._stack, self._shop))

    async def _keep_commit_times(self) -> None:
        """`pg_xact_commit_timestamp` then tells when a row was committed, without anybody having to watch."""
        connection = await asyncpg.connect(self.stack.postgres)
        try:
            if await connection.fetchval("SHOW track_commit_timestamp") == "on":
                return
            await connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
        finally:
            await connection.close()
        await asyncio.to_thread(self.stack.restart, "postgres")

    def pids(self, *processes: str) -> dict[str, int]:
        return {name: self.stack.pid(name) for name in processes}

    def all_pids(self) -> dict[str, int]:
        """Of every process of ours and of PostgreSQL, Kafka, Temporal and the mail sink."""
        ours = (
            [f"{service}-{role}" for service in SERVICES for role in ROLES] if self.shape is Shape.SPLIT else SERVICES
        )
        return self.pids("postgres", "kafka", "temporal", "mail", *ours)

    def url(self, database: str) -> str:
        return f"{self.stack.postgres.rsplit('/', 1)[0]}/{database}"

    @asynccontextmanager
    async def connection(self, database: str, **settings: str) -> AsyncIterator[Any]:
        """The administrator's, to a service's database."""
        connection = await asyncpg.connect(self.url(database), server_settings={"jit": "off", **settings})
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def new_database(self, service: Service) -> AsyncIterator[Database]:
        """An empty, migrated database of a service, for one benchmark."""
        name = f"bench_{service.name}_{new_id().hex[-12:]}"
        async with self.connection("postgres") as admin:
            await admin.execute(f"CREATE DATABASE {name}")
        database = Database(self.url(name).replace("postgresql:", "postgresql+asyncpg:"), name="bench")
        try:
            await migrate(database.engine, service.migrations)
            await keep_house(database)
            yield database
        finally:
            await database.close()
            async with self.connection("postgres") as admin:
                await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def environment(self, service: str, **changed: str) -> Mapping[str, str]:
        return {**os.environ, **self.stack.environment[service], **changed}

    async def close(self) -> None:
        await self._cleaning.aclose()
