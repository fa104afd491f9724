"""Every record of every topic from offset 0, and who reads what."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient


@dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None

    def header(self, name: str) -> str:
        return dict(self.headers).get(name, b"").decode(errors="replace")

    @property
    def id(self) -> str:
        return self.header("ce_id")

    @property
    def type(self) -> str:
        return self.header("ce_type")

    @property
    def sequence(self) -> int:
        return int(self.header("ce_sequence") or 0)

    @property
    def body(self) -> dict[str, Any]:
        """Empty for a tombstone, or what is not JSON."""
        try:
            body = orjson.loads(self.value or b"{}")
        except orjson.JSONDecodeError:
            return {}
        return body if isinstance(body, dict) else {}

    @property
    def place(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


async def read_all(servers: str, topics: dict[str, int]) -> list[Record]:
    """In the order of each partition. Compacted topics have only what was kept."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for topic, many in topics.items() for number in range(many)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: list[Record] = []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [
                    Record(one.topic, one.partition, one.offset, one.key, tuple(one.headers), one.value)
                    for one in records
                ]
        read = Counter((one.topic, one.partition) for one in found)
        for place, end in ends.items():
            if not place.topic.endswith(".state") and read[place.topic, place.partition] < end:
                raise RuntimeError(f"{place} has {end} records, read were {read[place.topic, place.partition]}")
        return found
    finally:
        await consumer.stop()


@dataclass(frozen=True)
class Group:
    service: str
    topic: str


async def groups(servers: str) -> list[Group]:
    """Consumer groups are named `<service>.<topic>`."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        names = [found[0] for found in await admin.list_consumer_groups()]
    finally:
        await admin.close()
    return [Group(*name.split(".", 1)) for name in names if ".countersign." in name]


async def lags(servers: str, topics: dict[str, int]) -> dict[str, int]:
    """Records that each group has still to read; only those that have some."""
    found = {}
    for group in await groups(servers):
        if group.topic not in topics:
            continue
        observer = AIOKafkaConsumer(
            bootstrap_servers=servers, group_id=f"{group.service}.{group.topic}", enable_auto_commit=False
        )
        await observer.start()
        try:
            places = [TopicPartition(group.topic, number) for number in range(topics[group.topic])]
            observer.assign(places)
            ends = await observer.end_offsets(places)
            lag = sum([end - (await observer.committed(place) or 0) for place, end in ends.items()])
        finally:
            await observer.stop()
        if lag:
            found[f"{group.service}.{group.topic}"] = lag
    return found
