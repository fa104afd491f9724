"""F-A7. Where one service's clock is wrong somebody is told, and what it does meanwhile is undone by nobody."""

import asyncio

from faults.row import Row
from faults.system import Failed, System
from local_stack.layout import SERVICES

SECONDS = 10
"""For each service and error."""
_AGES = """
SELECT
    count(*) FILTER (WHERE attested_at < submitted_at OR placed_at < submitted_at OR confirmed_at < placed_at) AS negative,
    count(*) AS many
FROM orders
"""


async def inject(system: System) -> None:
    """A clock that is ten minutes fast and put back by an hour is 50 minutes slow after that."""
    for service in SERVICES:
        for wrong in ("+10m", "-10m"):
            async with system.clock(service, wrong):
                if (service, wrong) == ("orders", "+10m"):
                    await system.alarm("ClockSkew", within=20)
                await asyncio.sleep(system.lasting(SECONDS))
    async with system.clock("orders", "+10m"):
        await asyncio.sleep(system.lasting(SECONDS))
        async with system.clock("orders", "-50m"):
            await asyncio.sleep(system.lasting(SECONDS))
    async with system.database("orders") as orders:
        system.notes["ages"] = dict(await orders.fetchrow(_AGES))
    if system.notes["ages"]["negative"]:
        raise Failed(f"{system.notes['ages']['negative']} orders went on before they began")


row = Row(
    "F-A7",
    "API service",
    "clock +-10 min, step back 1 h",
    "I1 I8 I9",
    inject,
    clocked=True,
)
