"""F-A1. The client never hears that it was done; its retry under the same key gets the first answer."""

from faults.row import Row
from faults.sources import Failpoint
from faults.system import System

COMMITTED = Failpoint("committed", "chassis/chassis/http/routing.py", "await session.commit()")


async def inject(system: System) -> None:
    for service in ("orders", "identity", "orders"):
        await system.at("committed", service)
        await system.ready(f"{service}-api")


row = Row("F-A1", "API service", "SIGKILL between commit and response", "I1 I2 I8", inject, [COMMITTED])
