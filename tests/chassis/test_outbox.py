"""State and event commit together or not at all."""

import gc
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from chassis.context import Cause, caused_by
from chassis.ids import new_id
from tests.chassis.toy.app import Note, lock_note

TOY = "tests.chassis.toy"


async def _outbox(database):
    async with database.reading() as connection:
        rows = await connection.execute(text("SELECT topic, key, type, sequence, headers FROM outbox ORDER BY id"))
        return [(row.type.split(".")[3], row.sequence) for row in rows]


async def test_events_and_the_state_after_them_are_written_with_the_aggregate(new_database):
    database = await new_database(TOY)
    async with database.transaction() as session:
        note = Note.write("first")
        session.add(note)
        note.rewrite("second")
    assert await _outbox(database) == [("written", 1), ("written", 2), ("state", 2)]
    async with database.transaction() as session:
        (await lock_note(session, note.id)).close(datetime(2026, 1, 1, tzinfo=UTC))
    assert (await _outbox(database))[3:] == [("closed", 3), ("state", 3)]


async def test_a_transaction_that_fails_leaves_nothing(new_database):
    database = await new_database(TOY)

    async def fail():
        async with database.transaction() as session:
            session.add(Note.write("lost"))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await _outbox(database) == []
    async with database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM notes")) == 0


async def test_an_aggregate_that_nobody_holds_any_more_still_publishes(new_database):
    database = await new_database(TOY)
    async with database.transaction() as session:
        session.add(Note.write("flushed and dropped"))
        await session.flush()
        gc.collect()
    assert await _outbox(database) == [("written", 1), ("state", 1)]


def test_an_aggregate_is_not_made_with_a_column_that_it_lacks():
    with pytest.raises(TypeError, match="colour"):
        Note(id=new_id(), colour="red")


async def test_a_repeated_transition_records_nothing(new_database):
    database = await new_database(TOY)
    note = Note.write("once")
    async with database.transaction() as session:
        session.add(note)
    for _ in range(2):
        async with database.transaction() as session:
            (await lock_note(session, note.id)).close(datetime(2026, 1, 1, tzinfo=UTC))
    assert [kind for kind, _ in await _outbox(database)].count("closed") == 1


async def test_an_event_says_what_caused_it(new_database):
    database = await new_database(TOY)
    with caused_by(Cause("correlation", "causation", "staff:1")):
        async with database.transaction() as session:
            session.add(Note.write("why"))
    async with database.reading() as connection:
        headers = await connection.scalar(text("SELECT headers FROM outbox ORDER BY id LIMIT 1"))
    assert (headers["correlation_id"], headers["causation_id"], headers["actor"]) == (
        "correlation",
        "causation",
        "staff:1",
    )
