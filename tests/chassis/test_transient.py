"""Which errors pass by themselves, seen by ending real connections."""

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.transient import is_transient

TOY = "tests.chassis.toy"
ENOUGH = 500
"""Connections; a few will do as a rule."""


async def ended_under_a_statement(database) -> Exception | None:
    """The server says that it ends a connection, and a statement is on its way at that moment."""
    async with database.reading() as administrator, database.reading() as connection:
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
        await administrator.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        try:
            await connection.execute(text("SELECT 1"))
        except DBAPIError as error:
            return error
    return None


async def test_a_statement_on_a_connection_that_the_server_ends_passes(new_database):
    """asyncpg has read that it ends, and not yet that it has: SQLAlchemy makes an internal error of that, too."""
    database, seen = await new_database(TOY), set()
    wanted = {asyncpg.InternalClientError, asyncpg.ConnectionDoesNotExistError}
    for _ in range(ENOUGH):
        error = await ended_under_a_statement(database)
        if error is not None:
            assert is_transient(error), repr(error)
            seen.add(type(error.driver_exception))
        if wanted <= seen:
            break
    assert wanted <= seen
