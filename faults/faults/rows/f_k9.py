"""F-K9. However often a group is dealt anew, each event has its effect once, and they get on."""

import asyncio
import time

from aiokafka import AIOKafkaConsumer

from faults.groups import groups_of
from faults.row import Row
from faults.system import Failed, System

SECONDS, EVERY, STAYS = 300, 5.0, 2.0
SERVICES = ("orders", "notifications", "identity")
_HANDLED = "SELECT count(*) FROM inbox"


async def inject(system: System) -> None:
    """A second member joins each group, takes its share of the partitions, does nothing with them, and leaves."""
    groups = await groups_of(system, SERVICES)
    events = {group: topic for group, topic in groups.items() if not topic.endswith(".state")}
    before, deals = await _handled(system), 0
    until = time.monotonic() + system.lasting(SECONDS)
    while time.monotonic() < until:
        began = time.monotonic()
        dealt = await asyncio.gather(*(_join(system, group, topic) for group, topic in events.items()))
        deals += sum(dealt)
        await asyncio.sleep(max(0.0, EVERY - (time.monotonic() - began)))
    handled = {service: many - before[service] for service, many in (await _handled(system)).items()}
    system.notes |= {"handled": handled, "deals": deals}
    if not deals:
        raise Failed("the second member was never given a partition")
    if not all(handled.values()):
        raise Failed(f"no progress: {handled}")


async def _join(system: System, group: str, topic: str) -> bool:
    """Whether it was given partitions."""
    member = AIOKafkaConsumer(
        topic,
        bootstrap_servers=system.stack.kafka,
        group_id=group,
        enable_auto_commit=False,
        session_timeout_ms=6_000,
        heartbeat_interval_ms=2_000,
    )
    await member.start()
    try:
        await asyncio.sleep(STAYS)
        return bool(member.assignment())
    finally:
        await member.stop()


async def _handled(system: System) -> dict[str, int]:
    found = {}
    for service in SERVICES:
        async with system.database(service) as connection:
            found[service] = int(await connection.fetchval(_HANDLED))
    return found


row = Row("F-K9", "consumer", "rebalance every 5 s for 5 min", "I2 I3 I6", inject)
