"""F-P9. First one service has two connections for all of its processes, then an intruder takes all that the cluster has."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx2

from faults.row import Row
from faults.system import Failed, System
from local_stack.layout import SERVICES

LIMITED = "orders"
SECONDS = 20
_END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY($1)"


async def inject(system: System) -> None:
    async with system.database() as admin:
        async with _limited(admin), _others_are_served(system):
            await asyncio.sleep(system.lasting(SECONDS))
        async with _taken(system) as intruder:
            system.notes["idle_connections"] = len(intruder)
            # Whoever loses his connections now gets few others.
            await admin.execute(_END_ALL, list(SERVICES))
            intruder += await _all_that_are_left(system)
            await asyncio.sleep(system.lasting(SECONDS))


@contextlib.asynccontextmanager
async def _limited(admin: Any) -> AsyncIterator[None]:
    await admin.execute(f"ALTER ROLE {LIMITED} CONNECTION LIMIT 2")
    try:
        await admin.execute(_END_ALL, [LIMITED])
        yield
    finally:
        await admin.execute(f"ALTER ROLE {LIMITED} CONNECTION LIMIT -1")


@contextlib.asynccontextmanager
async def _others_are_served(system: System) -> AsyncIterator[None]:
    """
    Raises:
        Failed: another service says that it is not ready, or is slow to say anything.
    """
    complaints: list[str] = []

    async def watch(service: str) -> None:
        async with httpx2.AsyncClient(timeout=5) as http:
            while True:
                began = time.monotonic()
                answer = await http.get(f"{system.stack.services[service]}/health/ready")
                if not answer.is_success or time.monotonic() - began > 2:
                    complaints.append(f"{service}: {answer.text} after {time.monotonic() - began:.1f} s")
                await asyncio.sleep(0.5)

    watching = [asyncio.create_task(watch(service)) for service in SERVICES if service != LIMITED]
    try:
        yield
    finally:
        for task in watching:
            task.cancel()
        outcomes = await asyncio.gather(*watching, return_exceptions=True)
    complaints += [repr(one) for one in outcomes if not isinstance(one, asyncio.CancelledError)]
    if complaints:
        raise Failed(f"others felt it: {complaints[:3]}")


@contextlib.asynccontextmanager
async def _taken(system: System) -> AsyncIterator[list[Any]]:
    taken = await _all_that_are_left(system)
    try:
        yield taken
    finally:
        for one in taken:
            one.terminate()


async def _all_that_are_left(system: System) -> list[Any]:
    taken = []
    with contextlib.suppress(asyncpg.TooManyConnectionsError):
        while True:
            taken.append(await asyncpg.connect(system.stack.postgres, timeout=10))
    return taken


row = Row("F-P9", "PostgreSQL", "connection limit reached", "I8", inject)
