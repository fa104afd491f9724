"""Only the relay publishes: in order per key, at least once, one leader."""

from contextlib import suppress

import pytest
from aiokafka.errors import ProducerFenced
from sqlalchemy import text

from chassis.errors import Conflict
from chassis.fencing import FencedProducer
from chassis.ids import new_id
from chassis.relay import Relay
from chassis.republishing import republish
from contracts.shared.topic import Topic
from tests.chassis.kafka import make_topics, records
from tests.chassis.toy.app import Note, NoteState, NoteWritten, lock_note
from tests.waiting import eventually, going

TOY = "tests.chassis.toy"


@pytest.fixture
async def outbox(new_database, infrastructure, monkeypatch):
    """A database whose notes go to a topic of this test."""
    database = await new_database(TOY)
    topic = Topic(f"countersign.toy.relay_{new_id().hex[-8:]}", partitions=2)
    state = Topic(f"{topic.name}.state", partitions=2)
    await make_topics(infrastructure.kafka, topic, state)
    monkeypatch.setattr(NoteWritten, "topic", topic)
    monkeypatch.setattr(NoteState, "topic", state)

    async def write(*texts: str, note: Note | None = None):
        """Writes a note and rewrites it with each further text: one key, a sequence of events."""
        async with database.transaction() as session:
            for one in texts:
                if note is None:
                    note = Note.write(one)
                    session.add(note)
                else:
                    note = await lock_note(session, note.id)
                    note.rewrite(one)
        return note

    return database, topic, write


async def _unpublished(database) -> int:
    async with database.reading() as connection:
        return await connection.scalar(text("SELECT count(*) FROM outbox WHERE published_at IS NULL"))


async def test_what_is_committed_is_published_with_its_headers_in_order(outbox, infrastructure):
    database, topic, write = outbox
    note = await write(*[f"note {number}" for number in range(700)])
    async with going(Relay("toy", database, infrastructure.kafka, epoch=3).run()):
        found = await records(infrastructure.kafka, topic, at_least=700)
    values = [record.value for record in found]
    assert values == [f'{{"text":"note {number}"}}'.encode() for number in range(700)]
    headers = dict(found[0].headers)
    assert headers["ce_type"] == b"countersign.toy.note.written.v1"
    assert headers["ce_source"] == b"/countersign/toy"
    assert (headers["ce_epoch"], headers["ce_sequence"]) == (b"3", b"1")
    assert {record.key for record in found} == {str(note.id).encode()}


async def test_of_two_relays_one_leads_and_the_other_takes_over(outbox, infrastructure):
    database, topic, write = outbox
    first, second = (Relay("toy", database, infrastructure.kafka) for _ in range(2))
    async with going(second.run()) as standing_by:
        async with going(first.run()):
            await write("a")
            await eventually(lambda: _none_left(database))
        assert not standing_by.done()
        await write("b")
        found = await records(infrastructure.kafka, topic, at_least=2)
    assert len(found) == 2


async def test_published_but_not_marked_is_published_again(outbox, infrastructure):
    database, topic, write = outbox
    await write("twice")
    async with going(Relay("toy", database, infrastructure.kafka).run()):
        await eventually(lambda: _none_left(database))
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE outbox SET published_at = NULL"))
    async with going(Relay("toy", database, infrastructure.kafka).run()):
        found = await records(infrastructure.kafka, topic, at_least=2)
    assert len({dict(record.headers)["ce_id"] for record in found}) == 1


async def test_a_relay_whose_connection_is_cut_goes_on_by_itself(outbox, infrastructure):
    database, topic, write = outbox
    async with going(Relay("toy", database, infrastructure.kafka).run()):
        await write("before")
        await eventually(lambda: _none_left(database))
        async with database.engine.begin() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'toy-relay' AND datname = current_database()"
                )
            )
        await write("after")
        await records(infrastructure.kafka, topic, at_least=2)


@pytest.mark.parametrize("defect", ["value = repeat('x', 3000000)::bytea", "headers = '{}'"])
async def test_what_can_not_be_published_is_parked_with_its_key_and_the_others_go_on(outbox, infrastructure, defect):
    database, topic, write = outbox
    stopped = await write("defective")
    async with database.engine.begin() as connection:
        await connection.execute(text(f"UPDATE outbox SET {defect} WHERE sequence = 1"))
    await write("behind it", note=stopped)
    free = await write("of another key")
    async with going(Relay("toy", database, infrastructure.kafka).run()):
        found = await records(infrastructure.kafka, topic, at_least=1)
        assert [record.key for record in found] == [str(free.id).encode()]

        async def parked() -> bool:
            async with database.reading() as connection:
                rows = await connection.execute(
                    text(
                        "SELECT parked_reason IS NOT NULL AS parked FROM outbox "
                        "WHERE topic = :topic AND key = :key AND published_at IS NULL ORDER BY id"
                    ),
                    {"topic": topic.name, "key": str(stopped.id)},
                )
                return [row.parked for row in rows] == [True, False]

        await eventually(parked)


async def test_what_a_former_leader_still_has_in_its_hands_does_not_come_behind_newer_records(infrastructure):
    """The broker refuses it, once the leader has published on the partition."""
    topic = Topic(f"countersign.toy.fenced_{new_id().hex[-8:]}", partitions=1)
    await make_topics(infrastructure.kafka, topic)
    name = f"fenced-{new_id()}"
    former, leader = (FencedProducer(name, bootstrap_servers=infrastructure.kafka) for _ in range(2))
    await former.start()
    await former.send_and_wait(topic.name, b"1")
    await leader.start()
    try:
        await former.send_and_wait(topic.name, b"2")
        await leader.send_and_wait(topic.name, b"3")
        with pytest.raises(ProducerFenced):
            await former.send_and_wait(topic.name, b"2 once more")
        await leader.send_and_wait(topic.name, b"4")
        found = await records(infrastructure.kafka, topic, at_least=4)
    finally:
        await former.stop()
        await leader.stop()
    assert [record.value for record in found] == [b"1", b"2", b"3", b"4"]


async def test_everything_that_is_kept_is_published_once_more_when_no_relay_leads(outbox, infrastructure):
    """For a broker that has lost its log."""
    database, topic, write = outbox
    await write("first", "second")
    async with going(Relay("toy", database, infrastructure.kafka).run()):
        await eventually(lambda: _none_left(database))
        with pytest.raises(Conflict):
            await republish(database)
    assert await eventually(lambda: _republished(database)) == 3
    async with going(Relay("toy", database, infrastructure.kafka).run()):
        found = await records(infrastructure.kafka, topic, at_least=4)
    assert [dict(record.headers)["ce_sequence"] for record in found] == [b"1", b"2"] * 2


async def _republished(database) -> int:
    """Events and states; 0 while the relay that ended is still connected."""
    with suppress(Conflict):
        return await republish(database)
    return 0


async def _none_left(database) -> bool:
    return await _unpublished(database) == 0
