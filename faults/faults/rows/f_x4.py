"""F-X4. A machine that loses power, without the machine: nothing says goodbye, and all come back in any order."""

from faults.row import KILLED_WHILE_MAILING, Row
from faults.system import Failed, System

READY_WITHIN = 60


async def inject(system: System) -> None:
    everything = system.everything
    system.chance.shuffle(everything)
    await system.kill(*everything)
    took = await system.ready(*everything)
    system.notes["ready_after_s"] = round(took, 1)
    if took > READY_WITHIN:
        raise Failed(f"everything was ready after {took:.0f} s only, not {READY_WITHIN} s")


row = Row(
    "F-X4",
    "whole box",
    "SIGKILL every process at once, restart in random order",
    "I1-I9",
    inject,
    allows=KILLED_WHILE_MAILING,
)
