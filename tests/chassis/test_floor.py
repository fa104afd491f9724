"""F-P7, F-P8: the relay does not step over what it has published, and yet misses nobody who commits late."""

import asyncpg
import pytest
from sqlalchemy import text

from chassis import floor
from chassis.floor import Floor
from tests.chassis.toy.app import Note

TOY = "tests.chassis.toy"
_WAITING = """
SELECT id FROM outbox WHERE id > $1 AND published_at IS NULL AND parked_reason IS NULL ORDER BY id LIMIT 500
"""


@pytest.fixture
async def database(new_database, monkeypatch):
    monkeypatch.setattr(floor, "EVERY", 0.0)
    return await new_database(TOY)


@pytest.fixture
async def relay(database):
    """Its connection."""
    connection = await asyncpg.connect(database.url.replace("+asyncpg", ""))
    yield connection
    await connection.close()


async def _write(database) -> None:
    async with database.transaction() as session:
        session.add(Note.write("one"))


async def _look(relay, it: Floor) -> list[int]:
    """As the relay does; the ids that it published."""
    rows = await relay.fetch(_WAITING, it.id)
    ids = [row["id"] for row in rows]
    await relay.execute("UPDATE outbox SET published_at = now() WHERE id = ANY($1::bigint[])", ids)
    await it.rise()
    return ids


async def test_it_rises_over_what_is_published(database, relay):
    it = Floor(relay)
    await _write(database)
    highest = (await _look(relay, it))[-1]
    for _ in range(3):
        await _look(relay, it)
    assert it.id == highest


async def test_a_transaction_of_somebody_else_does_not_keep_it_down(database, relay, new_database):
    neighbour = await new_database(TOY)
    async with neighbour.engine.connect() as forgotten:
        await forgotten.execute(text("SELECT pg_current_xact_id()"))
        await forgotten.execute(text("DELETE FROM outbox"))
        await test_it_rises_over_what_is_published(database, relay)


async def test_who_has_a_number_and_commits_late_is_not_missed(database, relay):
    it = Floor(relay)
    async with database.session() as late:
        late.add(Note.write("begins first"))
        await late.flush()
        await late.execute(
            text(
                "INSERT INTO outbox (event_id, topic, key, type, sequence, headers) "
                "VALUES (gen_random_uuid(), 'late', 'late', 'late', 1, '{}')"
            )
        )
        for _ in range(5):
            await _write(database)
            await _look(relay, it)
        await late.commit()
    published = await _look(relay, it)
    assert len(published) == 3, "two of the note, and the one of before"
    assert published[0] < published[1]
    for _ in range(3):
        await _look(relay, it)
    assert it.id == published[-1]


async def test_what_is_parked_can_be_published_later(database, relay):
    it = Floor(relay)
    await _write(database)
    await relay.execute("UPDATE outbox SET parked_reason = 'too large' WHERE id = (SELECT min(id) FROM outbox)")
    for _ in range(4):
        await _write(database)
        await _look(relay, it)
    await relay.execute("UPDATE outbox SET parked_reason = NULL")
    assert await _look(relay, it)
