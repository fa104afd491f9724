"""F-T3. The step is tried again by another worker, finds its effect, and answers with it."""

from faults.row import KILLED_WHILE_MAILING, Row
from faults.sources import Patch, call
from faults.system import System

_RETURN = "return await implementation(ActivityEntry(database, resources, clock.now()), command)"
EFFECT = Patch(
    "chassis/chassis/processes.py",
    f"                    {_RETURN}\n",
    f"                    done = {_RETURN.removeprefix('return ')}\n"
    f"                    {call('activity-done')}\n"
    "                    return done\n",
)


async def inject(system: System) -> None:
    for service in ("orders", "notifications", "identity"):
        await system.at("activity-done", service)
        await system.ready(f"{service}-worker")


row = Row(
    "F-T3",
    "Temporal worker",
    "killed in an activity after its effect, before completion",
    "I2",
    inject,
    [EFFECT],
    allows=KILLED_WHILE_MAILING,
)
