"""F-T10. Orders need no Temporal: what starts and moves processes waits in the topics until it is back."""

import asyncio
import time

from faults.row import Row
from faults.system import Failed, System

SECONDS = 60


async def inject(system: System) -> None:
    began = time.time()
    await system.kill("temporal")
    await system.ready("temporal")
    async with system.stopped("temporal"):
        await asyncio.sleep(system.lasting(SECONDS))
        if not system.load.on_time(began):
            raise Failed("orders waited for Temporal")
    await system.ready("temporal")


row = Row("F-T10", "Temporal server", "SIGKILL / SIGSTOP 60 s", "I1 I6", inject)
