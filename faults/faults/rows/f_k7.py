"""F-K7. The batch comes again after the restart, and the inbox knows it."""

from faults.row import Row
from faults.sources import Failpoint
from faults.system import System

EFFECTED = Failpoint("effected", "chassis/chassis/consumers.py", "await self._holding(lambda: self._together(batch))")


async def inject(system: System) -> None:
    for service in ("orders", "identity", "notifications"):
        await system.at("effected", service)
        await system.ready(f"{service}-consumer")


row = Row("F-K7", "consumer", "SIGKILL after effect commit, before offset commit", "I2", inject, [EFFECTED])
