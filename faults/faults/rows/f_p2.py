"""F-P2. Ten times in two minutes everything in PostgreSQL's memory is gone; who comes back finds it again each time."""

import asyncio
import signal
import time

from faults.row import Row
from faults.system import System

TIMES, SECONDS = 10, 120


async def inject(system: System) -> None:
    """SIGQUIT to the postmaster is what `pg_ctl -m immediate` sends; the supervisor starts the next one."""
    began, times = time.monotonic(), max(1, round(system.lasting(SECONDS) / SECONDS * TIMES))
    for turn in range(1, times + 1):
        await system.signal(signal.SIGQUIT, "postgres")
        await asyncio.sleep(1)
        await system.ready("postgres")
        if turn < times:
            await asyncio.sleep(max(0.0, began + turn * SECONDS / TIMES - time.monotonic()))
    system.notes["restarts"] = times


row = Row("F-P2", "PostgreSQL", "immediate restart x10 in 2 min", "I6", inject)
