"""F-T1. Processes wait for their workers and go on by themselves; nobody's order is refused meanwhile."""

import asyncio
import time

from faults.row import KILLED_WHILE_MAILING, Row
from faults.system import System
from local_stack.layout import SERVICES

SECONDS = 60
WORKERS = tuple(f"{service}-worker" for service in SERVICES)


async def inject(system: System) -> None:
    """The supervisor would start them again at once, so they are told to stay down, as a failing rollout would."""
    system.need_split()
    await system.kill(*WORKERS)
    await asyncio.gather(*(asyncio.to_thread(system.stack.stop, worker) for worker in WORKERS))
    began = time.monotonic()
    await asyncio.sleep(SECONDS - (time.monotonic() - began))
    await asyncio.gather(*(asyncio.to_thread(system.stack.start, worker) for worker in WORKERS))


row = Row("F-T1", "Temporal worker", "all killed for 60 s", "I2 I6 I9", inject, allows=KILLED_WHILE_MAILING)
