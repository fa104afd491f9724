"""Consumer groups, `<service>.<topic>`, and where they stand."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from faults.system import System

Places = dict[TopicPartition, int]


async def groups_of(system: System, services: Sequence[str]) -> dict[str, str]:
    """Topic by group."""
    admin = AIOKafkaAdminClient(bootstrap_servers=system.stack.kafka)
    await admin.start()
    try:
        names = [found[0] for found in await admin.list_consumer_groups()]
    finally:
        await admin.close()
    split = {name: name.split(".", 1) for name in names if ".countersign." in name}
    return {name: topic for name, (service, topic) in split.items() if service in services}


@contextlib.asynccontextmanager
async def looking_at(system: System, group: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A client that has every partition assigned by hand, and so does not join the group."""
    observer = AIOKafkaConsumer(bootstrap_servers=system.stack.kafka, group_id=group, enable_auto_commit=False)
    await observer.start()
    try:
        observer.assign([TopicPartition(topic, number) for number in await _numbers(observer, topic)])
        yield observer
    finally:
        await observer.stop()


async def _numbers(observer: AIOKafkaConsumer, topic: str) -> list[int]:
    await observer._client.add_topic(topic)
    return sorted(observer.partitions_for_topic(topic) or ())


async def rewind(system: System, group: str, topic: str) -> Places:
    """To offset 0; answers where the topic ended then. The group must have no member."""
    async with looking_at(system, group, topic) as observer:
        ends: Places = await observer.end_offsets(observer.assignment())
        await observer.commit(dict.fromkeys(ends, 0))
        return ends


async def has_read(system: System, group: str, topic: str, ends: Places) -> bool:
    async with looking_at(system, group, topic) as observer:
        return all([(await observer.committed(place) or 0) >= end for place, end in ends.items()])
