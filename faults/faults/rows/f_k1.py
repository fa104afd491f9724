"""F-K1. Events wait in the outboxes; orders do not."""

from faults.row import Row
from faults.system import System


async def inject(system: System) -> None:
    await system.kill("kafka")
    await system.ready("kafka")


row = Row("F-K1", "broker", "SIGKILL, restart", "I1 I2 I3", inject)
