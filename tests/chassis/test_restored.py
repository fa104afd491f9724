"""F-P11: a database that forgot what was published is noticed, and goes on behind everything that was given."""

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from chassis.ids import new_id
from chassis.relay import Relay
from chassis.restored import EpochTooLow, lost_events, pass_by
from contracts.shared.topic import Topic
from tests.chassis.kafka import make_topics, records
from tests.chassis.test_relay import TOY
from tests.chassis.toy.app import Note, NoteState, NoteWritten
from tests.waiting import eventually, going


@pytest.fixture
async def published(new_database, infrastructure, monkeypatch):
    """A database that has forgotten the last two of three notes, whose events were published."""
    database = await new_database(TOY)
    topic = Topic(f"countersign.toy.restored_{new_id().hex[-8:]}", partitions=2)
    await make_topics(infrastructure.kafka, topic, state := Topic(f"{topic.name}.state", partitions=2))
    monkeypatch.setattr(NoteWritten, "topic", topic)
    monkeypatch.setattr(NoteState, "topic", state)
    notes = [Note.write(words) for words in ("kept", "forgotten", "forgotten too")]
    for note in notes:
        async with database.transaction() as session:
            session.add(note)
    async with going(Relay("toy", database, infrastructure.kafka, topics=[topic, state]).run()):
        await records(infrastructure.kafka, topic, at_least=3)
        await records(infrastructure.kafka, state, at_least=3)
    forgotten = [str(note.id) for note in notes[1:]]
    async with database.engine.begin() as connection:
        await connection.execute(text("DELETE FROM outbox WHERE key = ANY(:keys)"), {"keys": forgotten})
    return database, topic, forgotten


def _noticed() -> float | None:
    return REGISTRY.get_sample_value("countersign_database_restored", {"service": "toy"})


async def _is_noticed() -> bool:
    return _noticed() == 1


class Watched(Relay):
    """Remembers whether it ever said that it is ready."""

    was_connected = False

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if name == "connected" and value:
            self.was_connected = True


async def test_a_relay_does_not_lead_on_a_database_that_forgot(published, infrastructure):
    database, topic, _ = published
    relay = Watched("toy", database, infrastructure.kafka, topics=[topic])
    async with going(relay.run()):
        await eventually(_is_noticed)
        assert not relay.was_connected
        assert REGISTRY.get_sample_value("countersign_relay_leading", {"service": "toy"}) == 0
    async with going(Relay("toy", database, infrastructure.kafka, epoch=2, topics=[topic]).run()):
        async with database.transaction() as session:
            session.add(Note.write("new"))
        await records(infrastructure.kafka, topic, at_least=4)
    assert _noticed() == 0


async def test_what_is_lost_is_listed(published, infrastructure):
    database, topic, forgotten = published
    lost = await lost_events(database, infrastructure.kafka, [topic], epoch=2)
    assert [(one.key, one.type) for one in lost] == [(key, NoteWritten.type) for key in forgotten]
    with pytest.raises(EpochTooLow):
        await lost_events(database, infrastructure.kafka, [topic], epoch=1)


async def test_numbers_go_on_behind_those_that_were_given(published):
    database, _, _ = published
    before = await _next_id(database)
    await pass_by(database, [])
    assert await _next_id(database) > before + 100


async def _next_id(database) -> int:
    async with database.reading() as connection:
        return await connection.scalar(text("SELECT nextval(pg_get_serial_sequence('outbox', 'id'))"))
