"""F-O1. What was published and not marked is published again; consumers know it by its id."""

from faults.row import Row
from faults.sources import Failpoint
from faults.system import System

PUBLISHED = Failpoint("published", "chassis/chassis/relay.py", "errors = await Batches(producer).send(records)")


async def inject(system: System) -> None:
    for service in ("orders", "identity", "notifications"):
        await system.at("published", service)
        await system.ready(f"{service}-relay")


row = Row("F-O1", "relay", "SIGKILL after publish, before mark", "I2 I3", inject, [PUBLISHED])
