"""F-O4. Ten minutes without a broker: the outboxes grow, orders do not notice, and it is made up for soon."""

import asyncio
import time

from faults.row import Row
from faults.served import order_seconds, percentile
from faults.system import Failed, System
from local_stack.layout import SERVICES

SECONDS, USUAL = 600, 60
SLOWER = 1.2
DRAINED_IN = 2.0
"""Outages."""
_WAITING = "SELECT count(*) FROM outbox WHERE published_at IS NULL AND created_at < to_timestamp($1)"


async def inject(system: System) -> None:
    usual = system.lasting(USUAL)
    await asyncio.sleep(usual)
    began = time.time()
    async with system.away("kafka"):
        await system.alarm("OutboxNotDraining", within=90)
        await asyncio.sleep(max(0.0, began + system.lasting(SECONDS) - time.time()))
        over = time.time()
        system.notes["outbox_grew_to"] = await _waiting(system, over)
    back = time.time()

    async def drained() -> bool:
        return await _waiting(system, back) == 0

    outage = back - began
    if not await system.comes(drained, within=DRAINED_IN * outage):
        raise Failed(f"{await _waiting(system, back)} events wait still")
    system.notes |= {"outage_s": round(outage, 1), "drained_after_s": round(time.time() - back, 1)}
    quiet = time.time()
    await asyncio.sleep(usual)
    _compare(system, {"before": (began - usual, began), "during": (began, over), "after": (quiet, time.time())})


async def _waiting(system: System, before: float) -> int:
    many = 0
    for service in SERVICES:
        async with system.database(service) as connection:
            many += await connection.fetchval(_WAITING, before)
    return many


def _compare(system: System, windows: dict[str, tuple[float, float]]) -> None:
    """With what was usual before and after, whichever was slower: the machine may have other things to do.

    Raises:
        Failed: orders took longer while the broker was away.
    """
    journal = system.journal.path
    p95 = {name: percentile(order_seconds(journal, since, until), 0.95) for name, (since, until) in windows.items()}
    system.notes["order_p95_s"] = {name: round(seconds, 3) for name, seconds in p95.items()}
    if p95["during"] > SLOWER * max(p95["before"], p95["after"]):
        raise Failed(f"orders took longer while the broker was away: {system.notes['order_p95_s']}")


row = Row("F-O4", "relay", "broker down 10 min at load", "I1 I6", inject)
