"""A commit wakes the relay; nobody's transaction carries the notification."""

import pytest
from sqlalchemy import text

import chassis.relay
from chassis.ids import new_id
from chassis.relay import Relay, leading
from contracts.shared.topic import Topic
from tests.chassis.kafka import make_topics
from tests.chassis.toy.app import Note, NoteState, NoteWritten
from tests.waiting import eventually, going

TOY = "tests.chassis.toy"


@pytest.fixture
async def database(new_database, infrastructure, monkeypatch):
    topic = Topic(f"countersign.toy.waking_{new_id().hex[-8:]}", partitions=1)
    state = Topic(f"{topic.name}.state", partitions=1)
    await make_topics(infrastructure.kafka, topic, state)
    monkeypatch.setattr(NoteWritten, "topic", topic)
    monkeypatch.setattr(NoteState, "topic", state)
    # By itself it looks once in ten minutes.
    monkeypatch.setattr(chassis.relay, "POLL_MIN", 600)
    monkeypatch.setattr(chassis.relay, "LEASE", "1h")
    return await new_database(TOY)


async def test_what_is_committed_is_published_although_the_relay_does_not_look(database, infrastructure):
    async def leads() -> bool:
        return leading.labels("waking")._value.get() == 1

    async def published() -> bool:
        async with database.reading() as connection:
            return await connection.scalar(text("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL")) == 2

    async with going(Relay("waking", database, infrastructure.kafka).run()), going(database.waker.run()):
        await eventually(leads, what="the relay leads")
        async with database.transaction() as session:
            session.add(Note.write("wake up"))
        await eventually(published, what="the event and the state are published")


async def test_a_transaction_that_is_rolled_back_or_records_nothing_wakes_nobody(database):
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
    async with database.session() as session:
        session.add(Note.write("never"))
        await session.flush()
        await session.rollback()
    assert not database.waker._committed.is_set()
    async with database.transaction() as session:
        session.add(Note.write("now"))
    assert database.waker._committed.is_set()
