"""What operators do with parked events: retry them in the order of their key, or give one up."""

import base64

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from sqlalchemy import select, update

from chassis.consumers import receive
from chassis.database import Database
from chassis.errors import NotFound
from chassis.parking import ParkedEvent, ParkedStatus
from chassis.processes import Processes
from chassis.service import Service


async def retry_parked(service: Service, database: Database, processes: Processes, kafka: str, event: int) -> int:
    """Handles a parked event and those that are parked behind it, each in its own transaction with its row.

    Returns:
        How many were handled. The first that fails again stops it, stays parked, and its error is raised.
    """
    async with database.transaction() as session:
        first = await session.get(ParkedEvent, event)
        if first is None or first.status != ParkedStatus.PARKED:
            raise NotFound(f"No event is parked under {event}.")
        waiting = select(ParkedEvent.id).where(
            ParkedEvent.topic == first.topic,
            ParkedEvent.key == first.key,
            ParkedEvent.status == ParkedStatus.PARKED,
        )
        ids = (await session.scalars(waiting.order_by(ParkedEvent.offset))).all()
        reader = next(one for one in service.readers if one.topic.name == first.topic)
    for number in ids:
        async with database.transaction() as session:
            parked = await session.get_one(ParkedEvent, number, with_for_update=True)
            received = receive(await _record(parked, kafka, personal=bool(reader.topic.personal_data)))
            reader.decode(received)
            unseen = await reader.unseen(session, [received])
            decoded = [(one, reader.decode(one)) for one in unseen]
            await reader.apply(session, processes, [(one, found) for one, found in decoded if found is not None])
            parked.status = ParkedStatus.RETRIED
    return len(ids)


async def drop_parked(database: Database, event: int) -> None:
    """
    Raises:
        NotFound: no event is parked under this id.
    """
    async with database.transaction() as session:
        dropped = await session.execute(
            update(ParkedEvent)
            .where(ParkedEvent.id == event, ParkedEvent.status == ParkedStatus.PARKED)
            .values(status=ParkedStatus.DROPPED)
            .returning(ParkedEvent.id)
        )
        if dropped.first() is None:
            raise NotFound(f"No event is parked under {event}.")


async def _record(parked: ParkedEvent, kafka: str, *, personal: bool) -> ConsumerRecord:
    if personal:
        return await _fetch(parked, kafka)
    return ConsumerRecord(
        topic=parked.topic,
        partition=parked.partition,
        offset=parked.offset,
        timestamp=0,
        timestamp_type=0,
        key=parked.key,
        value=parked.value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=tuple((name, base64.b64decode(value)) for name, value in parked.headers),
    )


async def _fetch(parked: ParkedEvent, kafka: str) -> ConsumerRecord:
    """A record with personal data is not kept: it is read again from its offset, if it is still there."""
    place = TopicPartition(parked.topic, parked.partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([place])
        consumer.seek(place, parked.offset)
        found = await consumer.getmany(place, timeout_ms=5000, max_records=1)
    finally:
        await consumer.stop()
    for record in found.get(place, ()):
        if record.offset == parked.offset:
            return record
    raise NotFound("The record has been compacted or erased; drop it.")
