"""F-P1. Recovery by write-ahead log; every pool connects again by itself."""

from faults.row import Row
from faults.system import System


async def inject(system: System) -> None:
    await system.kill("postgres")
    await system.ready("postgres")


row = Row("F-P1", "PostgreSQL", "SIGKILL postmaster under load", "I1 I6 I7", inject)
