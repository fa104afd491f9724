"""F-P7. Somebody's forgotten session keeps dead rows from being removed; the relay does not read them again and again."""

import asyncio

from faults import drain
from faults.row import Row
from faults.system import Failed, System

SECONDS = 600
EVENTS = 300
"""A second."""
KEPT = 0.95


async def inject(system: System) -> None:
    before = await drain.rate(system)
    async with system.database(drain.SERVICE) as forgotten:
        await forgotten.execute("BEGIN; SELECT pg_current_xact_id()")
        await held(system, before)


async def held(system: System, before: float) -> None:
    """While something keeps dead rows in the relay's database.

    Raises:
        Failed: the relay is slower than before and no other fault is why, or nobody is told.
    """
    async with drain.traffic(system, EVENTS):
        await asyncio.sleep(system.lasting(SECONDS))
    if (kept := await drain.kept(system, before)) < KEPT and system.alone:
        raise Failed(f"the relay keeps {kept:.0%} of its rate")
    if system.lasting(SECONDS) == SECONDS:
        await system.alarm("LongTransaction", within=10)
        await system.alarm("OutboxBloat", within=90)


row = Row("F-P7", "PostgreSQL", "idle write transaction 10 min, same database", "I6", inject)
