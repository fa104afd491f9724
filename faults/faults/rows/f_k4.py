"""F-K4. A broker without room takes nothing and loses nothing; with room again it comes back by itself."""

import asyncio

from faults.full_disk import full, small
from faults.row import Row
from faults.system import Failed, System
from local_stack.layout import Layout

SECONDS = 30
ROOM = 20_000_000
_SAYS = "No space left on device"


async def inject(system: System) -> None:
    data = Layout(system.stack.name).directory / "kafka" / "data"
    async with small(system, "kafka", data, room=ROOM):
        await asyncio.sleep(5)
        before = system.said("kafka", _SAYS)
        with full(data):
            await asyncio.sleep(system.lasting(SECONDS))
        system.notes["found_no_room"] = system.said("kafka", _SAYS) - before
        if not system.notes["found_no_room"]:
            raise Failed("the broker always found room")
        system.notes["ready_after_s"] = round(await system.ready("kafka"), 1)
        await asyncio.sleep(5)


row = Row("F-K4", "broker", "disk full", "I7 I8", inject)
