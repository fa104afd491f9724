"""After a backup was restored: Kafka has events of this service that its database does not know.

The relay notices and publishes nothing, since sequences and numbers would be used twice. An operator raises the epoch and
runs `restored`, which says what is lost, passes by the numbers that were given, and reads again what came in since.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from prometheus_client import Gauge
from sqlalchemy import text

from chassis.clock import now
from chassis.database import Database
from contracts.shared.envelope import Envelope
from contracts.shared.topic import EVENT_RETENTION, Topic

MARGIN = timedelta(hours=1)
"""Looked at before the last sign of life in the database, for clocks and for what was on its way."""
_NEAR = 100_000
"""Rows of the outbox in which those that were published last are looked for."""
_LAST = 10
"""Events that are looked for."""
_PATIENCE_MS = 1_000

_KNOWN = f"""
SELECT EXISTS (SELECT FROM outbox WHERE event_id = $1 AND id > coalesce(
    (SELECT min(id) FROM outbox WHERE published_at IS NULL), (SELECT max(id) FROM outbox)) - {_NEAR})
"""  # noqa: S608 - a number of ours
_LAST_SIGN = text("""
SELECT greatest((SELECT max(received_at) FROM inbox), (SELECT created_at FROM outbox ORDER BY id DESC LIMIT 1))
""")
_EVENTS = text("SELECT event_id FROM outbox WHERE created_at > :since")
_PASS_BY = text("""
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, coalesce(last_value, start_value) + :many)
FROM pg_sequences WHERE schemaname = current_schema()
""")

found = Gauge("countersign_database_restored", "1 while Kafka has events that the database does not know", ["service"])


class Restored(Exception):
    """Kafka has an event of this epoch that the database does not know."""


class EpochTooLow(Exception):
    """Raise `COUNTERSIGN_EPOCH` first."""


async def last_published(kafka: str, topics: Sequence[Topic], epoch: int) -> list[Envelope]:
    """The newest of these event topics, in this epoch or a later one; records that are none of ours are left out."""
    async with _reading(kafka, topics) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(consumer.assignment())
        begins: dict[TopicPartition, int] = await consumer.beginning_offsets(consumer.assignment())
        near = {one: max(begins[one], end - _LAST) for one, end in ends.items()}
        envelopes = [envelope async for record in _records(consumer, near, ends) if (envelope := _envelope(record))]
    kept = [one for one in envelopes if one.epoch >= epoch and one.time > now() - EVENT_RETENTION + MARGIN]
    return sorted(kept, key=lambda one: one.time)[-_LAST:]


async def refuse_restored(connection: Any, last: Sequence[Envelope]) -> None:
    """
    Args:
        connection: asyncpg's.
        last: what was published last.

    Raises:
        Restored: the database does not know most of it: somebody has to look. A single one may be somebody else's.
    """
    unknown = [one for one in last if not await connection.fetchval(_KNOWN, one.id)]
    if 2 * len(unknown) > len(last):
        raise Restored(f"{len(unknown)} of the last {len(last)} events, up to {last[-1].time}, are not in the outbox")


def _envelope(record: ConsumerRecord) -> Envelope | None:
    try:
        return Envelope.from_headers(record.headers)
    except (ValueError, UnicodeDecodeError):
        return None


@dataclass(frozen=True)
class Lost:
    """An event that was published, and that the database does not know."""

    id: UUID
    topic: str
    key: str
    type: str
    time: datetime
    body: bytes | None
    """None also on a topic with personal data."""


async def lost_events(database: Database, kafka: str, topics: Sequence[Topic], epoch: int) -> list[Lost]:
    """In the order of their time.

    Raises:
        EpochTooLow: consumers would take what follows for what they know.
    """
    since = await _last_sign(database)
    async with database.reading() as connection:
        known = set((await connection.scalars(_EVENTS, {"since": since - MARGIN})).all())
    personal = {topic.name for topic in topics if topic.personal_data}
    lost = []
    async with _reading(kafka, topics) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        begins = await _offsets_at(consumer, since)
        async for record in _records(consumer, begins, ends):
            envelope = _envelope(record)
            if envelope is None or envelope.id in known:
                continue
            if envelope.epoch >= epoch:
                raise EpochTooLow(f"COUNTERSIGN_EPOCH is {epoch}, and {envelope.epoch} was published already")
            body = None if record.topic in personal else record.value
            lost.append(Lost(envelope.id, record.topic, envelope.subject, envelope.type, envelope.time, body))
    return sorted(lost, key=lambda one: one.time)


async def pass_by(database: Database, lost: Sequence[Lost]) -> None:
    """Every sequence goes on behind all numbers that may have been given: each came with an event."""
    async with database.transaction() as session:
        await session.execute(_PASS_BY, {"many": len(lost) + 100})


async def read_again(database: Database, kafka: str, groups: dict[str, Topic]) -> None:
    """Consumers go back to the moment of the backup; what was handled before is in the inbox. None of them may run."""
    since = await _last_sign(database)
    for group, topic in groups.items():
        async with _reading(kafka, [topic], group=group) as consumer:
            await consumer.commit(await _offsets_at(consumer, since))


async def _last_sign(database: Database) -> datetime:
    async with database.reading() as connection:
        return await connection.scalar(_LAST_SIGN) or now() - EVENT_RETENTION


@asynccontextmanager
async def _reading(kafka: str, topics: Sequence[Topic], group: str | None = None) -> AsyncIterator[AIOKafkaConsumer]:
    """Every partition, assigned by hand."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic.name, one) for topic in topics for one in range(topic.partitions)])
        yield consumer
    finally:
        await consumer.stop()


async def _offsets_at(consumer: AIOKafkaConsumer, since: datetime) -> dict[TopicPartition, int]:
    """Of the first record after `since` with its margin, or the end."""
    partitions = consumer.assignment()
    at = int((since - MARGIN).timestamp() * 1000)
    offsets = await consumer.offsets_for_times(dict.fromkeys(partitions, at))
    ends = await consumer.end_offsets(partitions)
    return {one: offsets[one].offset if offsets.get(one) else ends[one] for one in partitions}


async def _records(
    consumer: AIOKafkaConsumer, begins: dict[TopicPartition, int], ends: dict[TopicPartition, int]
) -> AsyncIterator[ConsumerRecord]:
    """From the beginnings to the ends."""
    for one, begin in begins.items():
        consumer.seek(one, begin)
    left = {one for one in begins if begins[one] < ends[one]}
    while left:
        for records in (await consumer.getmany(timeout_ms=_PATIENCE_MS)).values():
            for record in records:
                yield record
        for one in list(left):
            if await consumer.position(one) >= ends[one]:
                left.discard(one)
