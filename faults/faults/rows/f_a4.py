"""F-A4. With a twentieth of a processor the API is slow, and does all that it took on."""

import asyncio

from faults.cgroups import cpu_share
from faults.row import Row
from faults.system import System

SECONDS = 60
SHARE = 0.05


async def inject(system: System) -> None:
    system.need_split()
    async with cpu_share(system, SHARE, "orders-api"):
        await asyncio.sleep(system.lasting(SECONDS))


row = Row("F-A4", "API service", "CPU starved to 5 %", "I1 I6 I8", inject)
