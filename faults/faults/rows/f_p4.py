"""F-P4. A disk that does not take what it was given: PostgreSQL dies and recovers from its log rather than say it was kept."""

import asyncio

from faults.row import Row
from faults.syscalls import injected, many, postgres_processes
from faults.system import Failed, NotInjected, System

CALLS, ERROR = "fsync,fdatasync", "error=EIO:when=1"
"""Once: the kernel forgets what it could not write, and says that all is well at the next call."""


async def inject(system: System) -> None:
    """First the checkpointer, then whoever commits next."""
    await _fails(system, "checkpointer", checkpoint=True)
    await system.ready("postgres")
    await asyncio.sleep(10)
    await _fails(system, "walwriter", "client backend", checkpoint=False)
    await system.ready("postgres")


async def _fails(system: System, *kinds: str, checkpoint: bool) -> None:
    began = await _started(system)
    pids = await postgres_processes(system, *kinds)
    async with injected(system, pids, CALLS, ERROR) as out:
        if checkpoint:
            await _checkpoint(system)

        async def seen() -> bool:
            return many(out, "(INJECTED)") > 0

        if not await system.comes(seen, within=20):
            raise NotInjected(f"no {CALLS} of {kinds} in 20 s")
        await asyncio.sleep(1)
    system.notes[f"errors_{kinds[0]}"] = many(out, "(INJECTED)")
    await system.ready("postgres")
    if await _started(system) == began:
        raise Failed("PostgreSQL went on as if nothing had happened")


async def _checkpoint(system: System) -> None:
    async with system.database() as admin:
        try:
            await admin.execute("CHECKPOINT", timeout=15)
        except Exception as error:  # noqa: BLE001 - the server ends under it
            system.notes["checkpoint"] = repr(error)[:100]


async def _started(system: System) -> str:
    """Of the shared memory: a recovery after a crash makes it anew."""
    async with system.database() as admin:
        return str(
            await admin.fetchval("SELECT backend_start FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
        )


row = Row("F-P4", "PostgreSQL", "fsync returns EIO", "I7", inject)
