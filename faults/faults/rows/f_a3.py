"""F-A3. A process that stops in the middle of a transaction and goes on 20 seconds later overwrites nothing newer."""

import asyncio
import signal

from faults.row import Row
from faults.rows.f_a2 import NOT_COMMITTED
from faults.system import System

SECONDS = 20


async def inject(system: System) -> None:
    """With its locks in its hands, once per service; then wherever it is."""
    system.need_split()
    for service in ("orders", "identity"):
        await system.at("not-committed", service, "stop")
        try:
            await asyncio.sleep(system.lasting(SECONDS))
        finally:
            await system.signal(signal.SIGCONT, f"{service}-api")
        await asyncio.sleep(5)
    async with system.stopped("orders-api", "pricing-api"):
        await asyncio.sleep(system.lasting(SECONDS))


row = Row("F-A3", "API service", "SIGSTOP 20 s, then CONT", "I2 I4", inject, [NOT_COMMITTED])
