"""How fast a relay publishes what waits for it, in events a second."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from faults.system import NotInjected, System

SERVICE = "pricing"
"""Its events about articles stand alone: one more says that somebody should look at the article again."""
MANY, TIMES = 20_000, 5
_COPIES = """
INSERT INTO outbox (event_id, topic, key, type, sequence, value, headers)
SELECT gen_random_uuid(), topic, key, type, sequence, value, headers
FROM (SELECT * FROM outbox WHERE topic = 'countersign.pricing.article' ORDER BY id LIMIT 1) one, generate_series(1, $1::int)
"""
_LAST = "SELECT max(id) FROM outbox"
_WAITING = "SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL AND id > $1)"
_TOOK = "SELECT extract(epoch FROM max(published_at) - min(published_at))::float8 FROM outbox WHERE id > $1"
"""Without the wait until the relay looks, which is a matter of luck and as long as a tenth of a second."""
_COME_AND_GONE = (
    """
    INSERT INTO outbox (event_id, topic, key, type, sequence, headers)
    SELECT gen_random_uuid(), 'faults', 'faults', 'faults', 1, '{}' FROM generate_series(1, $2::int)
    WHERE $1::bigint IS NOT NULL
    """,
    "UPDATE outbox SET published_at = clock_timestamp() WHERE id > $1 AND topic = 'faults' AND $2::int > 0",
    "DELETE FROM outbox WHERE id > $1 AND topic = 'faults' AND $2::int > 0",
)
"""Leave in tables and indexes what that many published events leave, without Kafka: in one transaction, so that no relay sees
them."""


async def rate(system: System) -> float:
    """The best of some bursts, from the mark of each one's first batch to that of its last: what else the machine does can
    only take from it."""
    async with system.database(SERVICE) as database:
        return max([await _burst(database) for _ in range(TIMES)])


async def _burst(database: Any) -> float:
    last = await database.fetchval(_LAST)
    if await database.execute(_COPIES, MANY) != f"INSERT 0 {MANY}":
        raise NotInjected("there is no event about an article yet")
    while await database.fetchval(_WAITING, last):  # noqa: ASYNC110 - only PostgreSQL knows
        await asyncio.sleep(0.1)
    return MANY / float(await database.fetchval(_TOOK, last))


@contextlib.asynccontextmanager
async def traffic(system: System, a_second: int) -> AsyncIterator[None]:
    """So many events a second come and go beside those of the load."""

    async def run() -> None:
        async with system.database(SERVICE) as database:
            while True:
                began = time.monotonic()
                last = await database.fetchval(_LAST)
                async with database.transaction():
                    for step in _COME_AND_GONE:
                        await database.execute(step, last, a_second)
                await asyncio.sleep(max(0.0, 1 - (time.monotonic() - began)))

    running = asyncio.create_task(run())
    try:
        yield
    finally:
        running.cancel()
        outcomes = await asyncio.gather(running, return_exceptions=True)
    if not isinstance(outcomes[0], asyncio.CancelledError):
        raise NotInjected(f"no traffic: {outcomes[0]!r}")


async def kept(system: System, before: float) -> float:
    """Its share of the rate of before."""
    during = await rate(system)
    system.notes |= {"relay_rate_before": round(before), "relay_rate_during": round(during)}
    return during / before
