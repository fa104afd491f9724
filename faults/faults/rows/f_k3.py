"""F-K3. The outboxes still have what the broker has lost: published again, it has no effect at those who know it."""

import asyncio
import shutil

from faults.row import Row
from faults.system import Failed, System
from local_stack.layout import SERVICES, Layout
from local_stack.parts import assemble

PARTS = [f"{service}-{role}" for service in SERVICES for role in ("consumer", "relay")]
READY_WITHIN = 180
"""Seconds; all of them at once."""


async def inject(system: System) -> None:
    """As docs/operators.md says."""
    system.need_split()
    kafka = assemble(Layout(system.stack.name), fresh_instances=False, split=True).kafka
    async with system.away("kafka"):
        await asyncio.to_thread(shutil.rmtree, kafka.data)
        await asyncio.to_thread(kafka.prepare)
    await asyncio.gather(*(asyncio.to_thread(system.stack.stop, part) for part in PARTS))
    for service in SERVICES:
        await system.operate(service, "migrate")
    again = {service: (await system.operate(service, "republish")).split()[0] for service in SERVICES}
    await asyncio.gather(*(asyncio.to_thread(system.stack.start, part, patience=READY_WITHIN) for part in PARTS))
    system.notes["published_again"] = again
    if not int(again["orders"]):
        raise Failed("there was nothing to publish again")


row = Row(
    "F-K3",
    "broker",
    "log lost (data directory wiped)",
    "I2 I3 I7",
    inject,
    allows={
        "parked-bytes-lost": "of what was parked before: its place in the lost log is another record's in the new one"
    },
    alone=True,
)
