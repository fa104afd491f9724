"""F-K8. A consumer that was stopped in the middle of its work and wakes up when others have done it writes nothing."""

import asyncio
import os
import signal
from pathlib import Path

from faults.another import another
from faults.row import Row
from faults.sources import Failpoint
from faults.system import System

RECEIVED = Failpoint(
    "received",
    "chassis/chassis/consumers.py",
    "await self._holding(lambda: self._together(batch))",
    before=True,
)
CLAIMED = Failpoint(
    "claimed",
    "chassis/chassis/consumers.py",
    "fresh = await claim(session, [one.envelope.id for one in batch if one.envelope])",
)
SECONDS = 75
"""A member that says nothing is left out of its group after six; PostgreSQL ends a transaction that says nothing after 60."""


async def inject(system: System) -> None:
    """Before its transaction, and in the middle of it."""
    system.need_split()
    async with another(system, "orders", "consumer") as second:
        both = [second.pid, system.stack.pid("orders-consumer")]
        for failpoint in ("received", "claimed"):
            await system.at(failpoint, "orders", "stop")
            stopped = await system.until(lambda: _stopped(both), within=5, what="one of two consumers is stopped")
            await asyncio.sleep(system.lasting(SECONDS))
            os.kill(stopped, signal.SIGCONT)
            await asyncio.sleep(5)


async def _stopped(pids: list[int]) -> int | None:
    return next(filter(_is_stopped, pids), None)


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


row = Row(
    "F-K8", "consumer", "SIGSTOP until others have its partitions, then CONT", "I2 I3", inject, [RECEIVED, CLAIMED]
)
