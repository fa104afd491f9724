"""Every event has its effect once; what can not be handled is parked with its successors, and the others go on."""

import dataclasses
from datetime import UTC, datetime

import pytest
from aiokafka import ConsumerRecord
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from chassis.consumers import BatchConsumer
from chassis.errors import Conflict
from chassis.ids import new_id
from chassis.parked import drop_parked, retry_parked
from chassis.parking import ParkedEvent, ParkedStatus
from chassis.processes import Processes
from contracts.shared.envelope import Envelope
from tests.chassis.toy.app import Effect, KnownNote, NoteState, NoteWritten, failing, projection, service, subscription

TOY = "tests.chassis.toy"


async def _no_temporal():
    raise AssertionError("no process is started here")


NO_PROCESSES = Processes(_no_temporal)
offsets = iter(range(1_000_000))


def record(
    text: str = "x",
    *,
    key: str = "k",
    sequence: int = 1,
    type: str = NoteWritten.type,
    value: bytes | None = None,
    event_id=None,
    topic: str = NoteWritten.topic.name,
    tombstone: bool = False,
) -> ConsumerRecord:
    envelope = Envelope(
        id=event_id or new_id(), type=type, source="/countersign/toy", subject=key,
        time=datetime.now(UTC), epoch=1, sequence=sequence,
    )  # fmt: skip
    body = NoteWritten(text=text).model_dump_json().encode()
    return ConsumerRecord(
        topic=topic, partition=0, offset=next(offsets), timestamp=0, timestamp_type=0, key=key.encode(),
        value=None if tombstone else body if value is None else value,
        checksum=None, serialized_key_size=0, serialized_value_size=0, headers=tuple(envelope.to_headers()),
    )  # fmt: skip


@pytest.fixture
async def database(new_database):
    failing.clear()
    yield await new_database(TOY)
    failing.clear()


@pytest.fixture
def consumer(database):
    return BatchConsumer(subscription, database, NO_PROCESSES)


async def effects(database) -> list[str]:
    async with database.transaction() as session:
        return list((await session.scalars(select(Effect.text).order_by(Effect.id))).all())


async def parked(database) -> list[tuple[str, str]]:
    async with database.transaction() as session:
        rows = await session.scalars(select(ParkedEvent).order_by(ParkedEvent.offset))
        return [(one.key.decode(), one.reason) for one in rows]


async def test_a_duplicate_has_no_effect(database, consumer):
    once = record("once")
    await consumer.handle([once, once])
    await consumer.handle([dataclasses.replace(once, offset=next(offsets))])
    assert await effects(database) == ["once"]


async def test_unknown_types_and_unknown_fields_are_ignored(database, consumer):
    await consumer.handle(
        [
            record(type="countersign.toy.note.painted.v1"),
            record(value=b'{"text": "kept", "colour": "of a later version"}'),
        ]
    )
    assert await effects(database) == ["kept"]
    assert await parked(database) == []


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        (record(key="bad", value=b"{not json"), "undecodable"),
        (record(key="bad", value=b'{"other": 1}'), "undecodable"),
        (record(key="bad", value=b"\xff\xfe"), "undecodable"),
        (record(key="bad", type="countersign.toy.note.written.v2"), "unknown-version"),
        (dataclasses.replace(record(key="bad"), headers=()), "undecodable"),
        (dataclasses.replace(record(key="bad"), headers=(("ce_id", b"\xff"),)), "undecodable"),
        (record("refused", key="bad"), "never"),
        (record("broken", key="bad"), "handler-failed"),
    ],
)
async def test_poison_is_parked_with_its_successors_and_the_others_go_on(database, consumer, poison, reason):
    failing["refused"] = Conflict("never")
    failing["broken"] = ValueError("a bug")
    await consumer.handle([record("a", key="good"), poison, record("after", key="bad"), record("b", key="good")])
    await consumer.handle([record("later", key="bad"), record("c", key="good")])
    assert await effects(database) == ["a", "b", "c"]
    assert await parked(database) == [("bad", reason), ("bad", "follows-parked"), ("bad", "follows-parked")]


async def test_parked_events_keep_their_bytes_and_are_retried_in_order(database, consumer, infrastructure):
    failing["first"] = Conflict("not-now")
    await consumer.handle([record("first", key="k"), record("second", key="k")])
    assert await effects(database) == []
    async with database.transaction() as session:
        first = (await session.scalars(select(ParkedEvent).order_by(ParkedEvent.id))).first()
    assert first.value == b'{"text":"first"}'
    with pytest.raises(Conflict):
        await retry_parked(service, database, NO_PROCESSES, infrastructure.kafka, first.id)
    failing.clear()
    assert await retry_parked(service, database, NO_PROCESSES, infrastructure.kafka, first.id) == 2
    assert await effects(database) == ["first", "second"]
    await consumer.handle([record("third", key="k")])
    assert await effects(database) == ["first", "second", "third"]


async def test_a_dropped_event_has_no_effect_and_those_behind_it_can_be_retried(database, consumer, infrastructure):
    failing["first"] = Conflict("never")
    await consumer.handle([record("first", key="k"), record("second", key="k")])
    async with database.transaction() as session:
        ids = list((await session.scalars(select(ParkedEvent.id).order_by(ParkedEvent.id))).all())
    await drop_parked(database, ids[0])
    assert await retry_parked(service, database, NO_PROCESSES, infrastructure.kafka, ids[1]) == 1
    assert await effects(database) == ["second"]
    async with database.transaction() as session:
        assert (await session.get_one(ParkedEvent, ids[0])).status == ParkedStatus.DROPPED


async def test_a_transient_error_holds_the_batch_until_it_passes(database, consumer):
    failing["waits"] = OperationalError("SELECT 1", {}, ConnectionResetError())
    attempts = 0

    class Passing(dict):
        def __contains__(self, text):
            nonlocal attempts
            attempts += text == "waits"
            return dict.__contains__(self, text) and attempts < 3

    patched = Passing(failing)
    import tests.chassis.toy.app as toy

    original, toy.failing = toy.failing, patched
    try:
        await consumer.handle([record("before"), record("waits"), record("behind")])
    finally:
        toy.failing = original
    assert attempts == 3
    assert await effects(database) == ["before", "waits", "behind"]
    assert await parked(database) == []


# -- projections -------------------------------------------------------------------------------------------------------


def state(text: str, sequence: int, key: str = "k") -> ConsumerRecord:
    body = NoteState(text=text, closed=False).model_dump_json().encode()
    return record(key=key, sequence=sequence, type=NoteState.type, value=body, topic=NoteState.topic.name)


async def known(database) -> dict[str, str]:
    async with database.transaction() as session:
        return {row.key: row.text for row in (await session.scalars(select(KnownNote))).all()}


async def test_a_projection_takes_only_what_is_newer(database):
    consumer = BatchConsumer(projection, database, NO_PROCESSES)
    await consumer.handle([state("one", 1), state("three", 3), state("other", 1, "j")])
    await consumer.handle([state("two", 2)])
    await consumer.handle([state("one", 1)])
    assert await known(database) == {"k": "three", "j": "other"}
    async with database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM inbox")) == 0


async def test_a_tombstone_erases(database):
    consumer = BatchConsumer(projection, database, NO_PROCESSES)
    await consumer.handle([state("here", 1)])
    await consumer.handle([record(key="k", type=NoteState.type, topic=NoteState.topic.name, tombstone=True)])
    assert await known(database) == {}
