"""F-T8. A worker that gets so little of a processor that its steps are taken for deadlocks is slow, and loses no process."""

import asyncio

from faults.cgroups import cpu_share
from faults.row import Row
from faults.system import System

WORKERS = ("identity-worker", "orders-worker")
SECONDS = 60
SHARE = 0.01
DEADLOCK = "TMPRL1101"


async def inject(system: System) -> None:
    """At this share what takes 10 ms as a rule takes a second and more; the detector's limit is two."""
    system.need_split()
    before = sum(system.said(worker, DEADLOCK) for worker in WORKERS)
    async with cpu_share(system, SHARE, *WORKERS):
        await asyncio.sleep(system.lasting(SECONDS))
    system.notes["taken_for_deadlocks"] = sum(system.said(worker, DEADLOCK) for worker in WORKERS) - before


row = Row("F-T8", "Temporal worker", "CPU starvation near the 2 s detector", "I6 I9", inject)
