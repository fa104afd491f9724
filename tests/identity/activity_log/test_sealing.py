"""Rows are sealed in a chain, each once, whoever seals and whenever they commit (ID-22)."""

import asyncio
from dataclasses import astuple
from hashlib import sha256

import pytest
from sqlalchemy import select, text

from chassis.ids import new_id
from identity.activity_log.chain import BEGINNING, SEALED, canonical
from identity.activity_log.models import activity_table
from identity.activity_log.queries import head
from identity.activity_log.sealing import BLOCK, seal_activity, seal_some
from identity.activity_log.verification import verify
from identity.app import service
from tests.identity.activity_log.log import AT, envelope, log, log_many, seal

EVENT, COMPANY = "01a20430-71b0-7600-b3a5-6b2089d37483", "01a20430-71b0-7600-b3a5-6b2089d37484"
ROW = text(
    "INSERT INTO activity (event_id, happened_at, type, actor, door, company_id, subject, correlation_id, source) VALUES "
    f"('{EVENT}', '2026-03-02 10:00:00.5+01', 't', 'operator:\"Zoë\"\t\\', 'operator', :company, 'm-1', NULL, 'orders')"
)


@pytest.fixture
async def database(new_database):
    return await new_database("identity")


async def verified(database) -> tuple[int, int]:
    """Rows in the chain, and rows that wait."""
    async with database.reading() as connection:
        found = await verify(connection)
    return found.head.position, found.waiting


def test_a_worker_seals():
    assert seal_activity in service.background


async def test_the_canonical_form_is_as_documented_and_the_chain_can_be_computed_by_others(database):
    async with database.transaction() as session:
        await session.execute(ROW, {"company": COMPANY})
        await session.execute(text(str(ROW).replace(EVENT, str(new_id()))), {"company": None})
    await seal(database)
    async with database.reading() as connection:
        first, second = (await connection.execute(select(activity_table).order_by(activity_table.c.id))).all()
        last = await head(connection)
    written = (
        f'[1,"{EVENT}","2026-03-02T09:00:00.500000+00:00","t","operator:\\"Zoë\\"\\t\\\\","operator","{COMPANY}","m-1",'
        'null,"orders"]'
    )
    assert canonical(first) == written.encode()
    assert '"operator",null,"m-1"' in canonical(second).decode()
    hashed = sha256(sha256(bytes(32) + written.encode()).digest() + canonical(second)).digest()
    assert astuple(last) == (2, hashed)


def test_every_column_is_sealed():
    assert set(SEALED) == set(activity_table.columns.keys())


async def test_more_rows_than_a_block_follow_each_other_in_one_chain(database):
    await log_many(database, 2 * BLOCK + 100)
    assert await verified(database) == (0, 2 * BLOCK + 100)
    assert await seal_activity(database, {}, AT)
    assert await verified(database) == (BLOCK, BLOCK + 100)
    assert await seal_activity(database, {}, AT)
    assert not await seal_activity(database, {}, AT)
    assert await verified(database) == (2 * BLOCK + 100, 0)


async def test_nothing_to_seal_leaves_the_beginning(database):
    assert not await seal_activity(database, {}, AT)
    async with database.reading() as connection:
        assert astuple(await head(connection)) == (0, BEGINNING)
    assert await verified(database) == (0, 0)


async def test_a_row_that_commits_late_is_sealed_behind_those_that_came_after_it(database):
    async with database.transaction() as late:
        await late.execute(ROW, {"company": COMPANY})
        await log(database, envelope(), envelope())
        await seal(database)
        assert await verified(database) == (2, 0)
    await seal(database)
    assert await verified(database) == (3, 0)
    async with database.reading() as connection:
        order = await connection.scalars(text("SELECT activity_id FROM activity_seals ORDER BY position"))
    assert order.all() == [2, 3, 1]


async def test_what_rolls_back_is_neither_sealed_nor_missed(database):
    async with database.session() as session:
        await session.execute(ROW, {"company": COMPANY})
        await session.rollback()
    await log(database, envelope())
    await seal(database)
    assert await verified(database) == (1, 0)


async def test_a_sealer_that_dies_leaves_nothing_half_done(database):
    await log(database, envelope(), envelope())
    async with database.session() as dies:
        assert await seal_some(dies) == 2
        await dies.rollback()
    assert await verified(database) == (0, 2)
    await seal(database)
    assert await verified(database) == (2, 0)


async def test_while_one_seals_the_others_pass_by(database):
    await log(database, envelope())
    async with database.transaction() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('activity seals', 0))"))
        assert not await seal_activity(database, {}, AT)
    assert await verified(database) == (0, 1)


async def test_many_sealers_beside_many_writers_make_one_chain_of_every_row(database):
    writing = asyncio.Event()

    async def write() -> None:
        for _ in range(20):
            await log(database, *(envelope() for _ in range(10)))

    async def keep_sealing() -> None:
        while not writing.is_set():
            await seal_activity(database, {}, AT)

    sealers = [asyncio.create_task(keep_sealing()) for _ in range(3)]
    await asyncio.gather(*(write() for _ in range(5)))
    writing.set()
    await asyncio.gather(*sealers)
    await seal(database)
    assert await verified(database) == (1_000, 0)
