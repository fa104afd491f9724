"""A topic of its own for each test, and what stands on it."""

import asyncio
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from chassis.topics import apply_topics
from contracts.shared.topic import Topic


async def records(kafka: str, topic: Topic, *, at_least: int, seconds: float = 60) -> list:
    """Everything on a topic, from offset 0, once there are `at_least` so many."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        found: list = []
        async with asyncio.timeout(seconds):
            while len(found) < at_least:
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    found.extend(batch)
        return found
    finally:
        await consumer.stop()


@asynccontextmanager
async def producing(kafka: str):
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def make_topics(kafka: str, *topics: Topic) -> None:
    await apply_topics(kafka, list(topics), 1)
