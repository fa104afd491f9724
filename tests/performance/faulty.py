"""What was ruled out, kept to be seen failing: a remembered cursor, and `pg_notify` inside the orders' transaction."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from tests.chassis.toy.app import service as toy
from tests.performance.cpu import metered
from tests.performance.driver import closed_loop
from tests.performance.figures import Interval, Result, Shape, benchmark
from tests.performance.method import Sample, paired
from tests.performance.stage import Stage

WRITERS = 12
_WRITE = """
INSERT INTO outbox (event_id, topic, key, type, sequence, value, headers)
VALUES (gen_random_uuid(), 'topic', gen_random_uuid()::text, 'type', 1, '{}', '{}') RETURNING id
"""


class Writers:
    """Connections that are handed out one by one."""

    def __init__(self, opened: list[Any]) -> None:
        self._free: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
        for one in opened:
            self._free.put_nowait(one)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        connection = await self._free.get()
        try:
            async with connection.transaction():
                yield connection
        finally:
            self._free.put_nowait(connection)


@asynccontextmanager
async def writers(stage: Stage, database: str) -> AsyncIterator[Writers]:
    async with AsyncExitStack() as opened:
        yield Writers([await opened.enter_async_context(stage.connection(database)) for _ in range(WRITERS)])


@benchmark("BAD-cursor", shape=Shape.INFRASTRUCTURE)
async def remembered_cursor(stage: Stage) -> list[Result]:
    """A relay that asks for what is above the highest id it has seen: who commits late is never seen."""
    chance, many = random.Random(stage.seed), stage.size(2_000, 200)
    seen: set[int] = set()

    async def relay(connection: Any) -> None:
        last = 0
        while True:
            rows = await connection.fetch("SELECT id FROM outbox WHERE id > $1 ORDER BY id LIMIT 500", last)
            seen.update(row["id"] for row in rows)
            last = max((row["id"] for row in rows), default=last)
            await asyncio.sleep(0.005)

    async with stage.new_database(toy) as database:
        name, written = database.url.rpartition("/")[2], []
        async with stage.connection(name) as reading, writers(stage, name) as writing:

            async def write(_: int) -> None:
                async with writing.transaction() as connection:
                    written.append(await connection.fetchval(_WRITE))
                    await asyncio.sleep(chance.uniform(0, 0.02))

            task = asyncio.create_task(relay(reading))
            await closed_loop(range(many), write, at_once=WRITERS)
            await asyncio.sleep(0.5)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    lost = 1 - len(seen & set(written)) / len(written)
    return [Result("BAD-cursor", Interval(lost, lost, lost), {"transactions": many, "held_open_ms": [0, 20]})]


@benchmark("BAD-notify", shape=Shape.INFRASTRUCTURE)
async def notify_inside(stage: Stage) -> list[Result]:
    """Commits with a notification take turns at one lock of the whole cluster, so they share no flush to the disk."""
    many = stage.size(1_500, 150)
    async with stage.new_database(toy) as database, writers(stage, database.url.rpartition("/")[2]) as writing:

        async def block(last_statement: str) -> Sample:
            async def write(_: int) -> None:
                async with writing.transaction() as connection:
                    await connection.fetchval(_WRITE)
                    await connection.execute(last_statement)

            with metered({}) as spent:
                await closed_loop(range(many), write, at_once=WRITERS)
            return Sample(many / spent.seconds, spent.per(many))

        measured = await paired(
            lambda: block("SELECT 'outbox'"),
            lambda: block("SELECT pg_notify('outbox', '')"),
            pairs=stage.size(5, 3),
            seed=stage.seed,
        )
    return [measured.result("BAD-notify", {"writers": WRITERS, **measured.medians()})]
