"""F-K12. Whoever reads everything once more does nothing once more, and nobody gets a mail."""

import asyncio

from faults.groups import groups_of, has_read, rewind
from faults.row import Row
from faults.system import Failed, System
from local_stack.layout import SERVICES

_SENT = "SELECT message_id, attempts FROM deliveries WHERE status = 'sent'"


async def inject(system: System) -> None:
    system.need_split()
    consumers = [f"{service}-consumer" for service in SERVICES]
    await asyncio.gather(*(asyncio.to_thread(system.stack.stop, consumer) for consumer in consumers))
    async with system.database("notifications") as notifications:
        sent = {row["message_id"]: row["attempts"] for row in await notifications.fetch(_SENT)}
        groups = await groups_of(system, SERVICES)
        ends = {group: await rewind(system, group, topic) for group, topic in groups.items()}
        await asyncio.gather(*(asyncio.to_thread(system.stack.start, consumer) for consumer in consumers))
        for group, topic in groups.items():
            await system.until(
                lambda group=group, topic=topic: has_read(system, group, topic, ends[group]),  # type: ignore[misc]
                within=60,
                what=f"{group} has read all again",
            )
        system.notes["replayed"] = sum(sum(places.values()) for places in ends.values())
        now = {row["message_id"]: row["attempts"] for row in await notifications.fetch(_SENT)}
    again = [message_id for message_id, attempts in sent.items() if now.get(message_id) != attempts]
    if again:
        raise Failed(f"mailed again: {again}")


row = Row("F-K12", "topic", "events replayed from offset 0", "I2", inject, alone=True)
