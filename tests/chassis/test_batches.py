"""Batches that the relay makes itself: what a producer's own `send` would have sent."""

from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer

from chassis.batches import Batches, Outgoing
from chassis.ids import new_id
from contracts.shared.topic import Topic
from tests.chassis.kafka import make_topics, records

SMALL = 4_096
"""Bytes of a batch."""


@asynccontextmanager
async def producing(kafka: str):
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True, max_batch_size=SMALL)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@pytest.fixture
async def topic(infrastructure) -> Topic:
    made = Topic(f"countersign.toy.batches_{new_id().hex[-8:]}", partitions=3)
    await make_topics(infrastructure.kafka, made)
    return made


def outgoing(topic: Topic, number: int, value: bytes | None = None) -> Outgoing:
    key = f"key-{number % 7}".encode()
    return Outgoing(topic.name, key, b"%d" % number if value is None else value, [("n", b"%d" % number)])


async def test_records_of_a_key_stay_in_order_over_many_batches(infrastructure, topic):
    async with producing(infrastructure.kafka) as producer:
        assert await Batches(producer).send(outgoing(topic, number) for number in range(1_000)) == {}
    found = await records(infrastructure.kafka, topic, at_least=1_000)
    by_key: dict[bytes, list[int]] = {}
    for record in found:
        by_key.setdefault(record.key, []).append(int(record.value))
        assert dict(record.headers) == {"n": record.value}
    assert sorted(by_key) == [f"key-{number}".encode() for number in range(7)]
    for number in range(7):
        assert by_key[f"key-{number}".encode()] == list(range(number, 1_000, 7))


async def test_a_key_has_the_partition_that_every_producer_gives_it(infrastructure, topic):
    async with producing(infrastructure.kafka) as producer:
        keys = [str(new_id()).encode() for _ in range(50)]
        theirs = {key: (await producer.send_and_wait(topic.name, key=key, value=b"theirs")).partition for key in keys}
        assert await Batches(producer).send(Outgoing(topic.name, key, b"ours", []) for key in keys) == {}
    found = await records(infrastructure.kafka, topic, at_least=100)
    assert {record.key: record.partition for record in found if record.value == b"ours"} == theirs


async def test_what_is_larger_than_a_batch_is_one(infrastructure, topic):
    sent = [outgoing(topic, number) for number in range(20)]
    sent[5] = outgoing(topic, 5, b"y" * SMALL * 3)
    async with producing(infrastructure.kafka) as producer:
        assert await Batches(producer).send(sent) == {}
    found = await records(infrastructure.kafka, topic, at_least=20)
    assert {dict(record.headers)["n"]: len(record.value) for record in found}[b"5"] == SMALL * 3


async def test_a_tombstone_is_sent(infrastructure, topic):
    async with producing(infrastructure.kafka) as producer:
        assert await Batches(producer).send([Outgoing(topic.name, b"gone", None, [])]) == {}
    (record,) = await records(infrastructure.kafka, topic, at_least=1)
    assert (record.key, record.value) == (b"gone", None)
