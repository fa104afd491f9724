"""F-P5. A disk that takes a fifth of a second for every fsync: slower answers, and no more than the pools' connections."""

import asyncio

from faults.row import Row
from faults.syscalls import injected, many, postgres_processes
from faults.system import Failed, NotInjected, System

SECONDS = 60
DELAY = 200_000
"""Microseconds."""
MOST_CONNECTIONS = 15
"""Of one pool with its overflow; a relay has one more."""
_CONNECTIONS = """
SELECT max(many) FROM (
    SELECT count(*) AS many FROM pg_stat_activity WHERE usename <> 'admin' GROUP BY usename
) by_service
"""


async def inject(system: System) -> None:
    pids = await postgres_processes(system)
    async with injected(system, pids, "fsync,fdatasync", f"delay_enter={DELAY}") as out:
        most = await _most_connections(system, system.lasting(SECONDS))
    system.notes |= {"delayed": many(out, "(DELAYED)"), "most_connections_of_a_service": most}
    if not system.notes["delayed"]:
        raise NotInjected("nothing was synced")
    processes = sum(1 for name in system.stack.processes if name.startswith("orders"))
    if most > processes * (MOST_CONNECTIONS + 1):
        raise Failed(f"a service had {most} connections")


async def _most_connections(system: System, seconds: float) -> int:
    most, end = 0, asyncio.get_running_loop().time() + seconds
    async with system.database() as admin:
        while asyncio.get_running_loop().time() < end:
            most = max(most, await admin.fetchval(_CONNECTIONS) or 0)
            await asyncio.sleep(1)
    return most


row = Row("F-P5", "PostgreSQL", "fsync 200 ms slow", "I8", inject)
