"""F-T11. Temporal on a disk on which every write takes its time: processes are slow, orders are not.

The local server keeps its database in itself, so whoever kills one kills the other: that is F-T10.
"""

import asyncio
import time

from faults.row import Row
from faults.syscalls import injected, many
from faults.system import Failed, NotInjected, System

SECONDS = 60
DELAY = 20_000
"""Microseconds, for each of the several writes of a commit."""


async def inject(system: System) -> None:
    began = time.time()
    pid = await asyncio.to_thread(system.stack.pid, "temporal")
    async with injected(system, [pid], "pwrite64,fsync,fdatasync", f"delay_enter={DELAY}") as out:
        await asyncio.sleep(system.lasting(SECONDS))
        on_time = system.load.on_time(began)
    system.notes["delayed"] = many(out, "(DELAYED)")
    if not system.notes["delayed"]:
        raise NotInjected("Temporal wrote nothing")
    if not on_time:
        raise Failed("orders waited for Temporal's database")


row = Row("F-T11", "Temporal server", "its database killed or slow", "I1 I6", inject)
