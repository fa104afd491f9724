"""F-O2. A relay that was stopped with a batch in its hands can not put old states behind the newer ones of its successor."""

import asyncio
import signal

from faults.another import another
from faults.row import Row
from faults.sources import Patch, call
from faults.system import Failed, System

_LINE = "        sent, records, stopped = [], [], set()\n"
TAKEN = Patch(
    "chassis/chassis/relay.py",
    _LINE,
    '        if any(row["type"].endswith(".attestation_requested.v1") for row in rows):\n'
    f"            {call('taken')}\n{_LINE}",
)
"""A batch with the first state of an order on which somebody decides while the relay has it in its hands."""
REFUSED = "InvalidProducerEpochException"
"""What the broker says of it."""
SECONDS = 20
"""The lease is five."""


async def inject(system: System) -> None:
    system.need_split()
    before = system.said("kafka", REFUSED)
    async with another(system, "orders", "relay") as second:
        await system.at("taken", "orders", "stop")
        try:
            await system.until(second.leads, within=30, what="the second relay leads")
            await asyncio.sleep(system.lasting(SECONDS))
        finally:
            await system.signal(signal.SIGCONT, "orders-relay")
        await asyncio.sleep(3)
        system.notes["published_by_second"] = await second.metric("countersign_relay_published_total")
        if system.said("kafka", REFUSED) == before:
            raise Failed("nobody refused what the stopped relay published when it woke up")


row = Row("F-O2", "relay", "SIGSTOP past its lease with a batch in its hands, then CONT", "I2 I3", inject, [TAKEN])
