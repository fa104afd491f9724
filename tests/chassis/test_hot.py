"""Statements straight over the driver are a part of the session's transaction, and fail as the others do."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from chassis.hot import HotStatement
from chassis.projections import ProjectionProgress
from chassis.transient import is_contention, is_transient
from tests.waiting import eventually

TOY = "tests.chassis.toy"
LOCK = HotStatement("SELECT pg_advisory_xact_lock(:key ::bigint)")
COUNT = HotStatement("SELECT count(*) AS found FROM projection_progress WHERE topic = :topic ::text")
INSERT = HotStatement("INSERT INTO projection_progress (topic, caught_up_at) VALUES (:topic ::text, now())")


async def test_what_it_writes_is_rolled_back_with_its_transaction(new_database):
    database = await new_database(TOY)
    async with database.session() as session:
        await session.execute(text("SELECT 1"))
        await INSERT.rows(session, {"topic": "one"})
        assert [row["found"] for row in await COUNT.rows(session, {"topic": "one"})] == [1]
        await session.rollback()
    async with database.reading() as connection:
        assert [row["found"] for row in await COUNT.rows(connection, {"topic": "one"})] == [0]


async def test_it_sees_what_the_session_has_changed(new_database):
    database = await new_database(TOY)
    async with database.session() as session:
        session.add(ProjectionProgress(topic="one", caught_up_at=datetime.now(UTC)))
        assert [row["found"] for row in await COUNT.rows(session, {"topic": "one"})] == [1]
        (one,) = await session.scalars(select(ProjectionProgress))
        await session.delete(one)
        assert [row["found"] for row in await COUNT.rows(session, {"topic": "one"})] == [0]


async def test_it_may_be_the_first_of_its_transaction(new_database):
    database = await new_database(TOY)
    async with database.session() as session:
        await INSERT.rows(session, {"topic": "one"})
        await session.rollback()
    async with database.reading() as connection:
        assert [row["found"] for row in await COUNT.rows(connection, {"topic": "one"})] == [0]


@pytest.mark.parametrize("begun", [False, True])
async def test_a_connection_that_the_server_has_ended_is_not_handed_out_again(new_database, begun):
    database = await new_database(TOY)
    async with database.session() as session:
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
        if not begun:
            await session.rollback()
        await _end(database.url, pid)
        with pytest.raises(Exception) as lost:  # noqa: PT011 - looked at below
            await COUNT.rows(session, {"topic": "one"})
    assert is_transient(lost.value)
    async with database.session() as session:
        assert [row["found"] for row in await COUNT.rows(session, {"topic": "one"})] == [0]


async def _end(url: str, pid: int) -> None:
    """As a server that shuts down does it."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))

    async def has_ended() -> bool:
        return not await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid)

    await connection.execute("SELECT pg_terminate_backend($1)", pid)
    await eventually(has_ended)
    await connection.close()


async def test_two_that_wait_for_each_other_are_told_apart_from_other_errors(new_database):
    database, both_locked = await new_database(TOY), asyncio.Barrier(2)

    async def locks(first: int, second: int) -> BaseException | None:
        async with database.session() as session:
            await session.execute(text("SELECT 1"))
            await LOCK.rows(session, {"key": first})
            await both_locked.wait()
            try:
                await LOCK.rows(session, {"key": second})
            except Exception as error:  # noqa: BLE001 - looked at below
                return error
        return None

    (error,) = [one for one in await asyncio.gather(locks(1, 2), locks(2, 1)) if one]
    assert not isinstance(error, DBAPIError)
    assert is_contention(error)
    assert is_transient(error)
