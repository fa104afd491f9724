"""F-A2. Nothing exists of what was not committed, and the retry does it."""

from faults.row import Row
from faults.sources import Failpoint
from faults.system import System

NOT_COMMITTED = Failpoint("not-committed", "chassis/chassis/http/routing.py", "await session.commit()", before=True)


async def inject(system: System) -> None:
    for service in ("orders", "identity", "orders"):
        await system.at("not-committed", service)
        await system.ready(f"{service}-api")


row = Row("F-A2", "API service", "SIGKILL before commit", "I1 I7 I8", inject, [NOT_COMMITTED])
