"""Applies declared topics to Kafka. Auto-creation is off: a topic that is not declared does not exist."""

import asyncio
import logging

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from contracts.shared.topic import Topic

log = logging.getLogger(__name__)


async def apply_topics(kafka: str, topics: list[Topic], replication: int) -> None:
    """Creates what is missing and sets every topic's configuration. Partitions are never changed.

    Raises:
        ValueError: a topic exists with another number of partitions than is declared.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        wanted = [NewTopic(topic.name, topic.partitions, replication, topic_configs=topic.config) for topic in topics]
        answer = await admin.create_topics(wanted)
        for name, code, *_ in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise error(name)
        for topic, partitions in (await _partitions(admin, topics)).items():
            if partitions != topic.partitions:
                raise ValueError(f"{topic.name} has {partitions} partitions, declared are {topic.partitions}")
        await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic.name, topic.config) for topic in topics]
        )
        log.info("topics applied", extra={"topics": len(topics)})
    finally:
        await admin.close()


async def _partitions(admin: AIOKafkaAdminClient, topics: list[Topic]) -> dict[Topic, int]:
    """How many partitions each topic has, once every one is known: a new topic is not, for a moment."""
    async with asyncio.timeout(30):
        while True:
            described = await admin.describe_topics([topic.name for topic in topics])
            found = {one["topic"]: len(one["partitions"]) for one in described}
            if all(found.get(topic.name) for topic in topics):
                return {topic: found[topic.name] for topic in topics}
            await asyncio.sleep(0.1)
