"""`python -m identity verify-activity` finds whatever was done to the log, and nothing where nothing was done (ID-22)."""

import asyncio
import os
import sys

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from chassis.ids import new_id
from identity.activity_log.chain import BEGINNING
from identity.activity_log.queries import head
from identity.app import service
from identity.contacts.models import Contact
from tests.identity.activity_log.log import envelope, log, seal
from tests.identity.people import a_company, a_member

COLUMNS = "event_id, happened_at, type, actor, door, company_id, subject, correlation_id, source"
SHIFT = "UPDATE activity_seals SET position = position + 1000 WHERE position >= {0}; "
MOVE_BACK = "UPDATE activity_seals SET position = position - {1} WHERE position >= {0}"
INSERT = (
    f"INSERT INTO activity (id, {COLUMNS}) OVERRIDING SYSTEM VALUE "
    "SELECT {0}, gen_random_uuid(), happened_at, type, 'staff:thief', door, company_id, subject, correlation_id, source "
    "FROM activity WHERE id = 5"
)
EXCHANGE = (
    "UPDATE {table} SET {column} = -{column} WHERE {column} IN (4, 5); "
    "UPDATE {table} SET {column} = 9 + {column} WHERE {column} IN (-4, -5)"
)


@pytest.fixture
async def database(new_database):
    """Ten rows, sealed."""
    database = await new_database("identity")
    await log(database, *(envelope(minute) for minute in range(10)))
    await seal(database)
    return database


@pytest.fixture
def settings(infrastructure, database):
    url = database.engine.url.render_as_string(hide_password=False)
    return {**infrastructure.environment["identity"], "COUNTERSIGN_DATABASE_URL": url}


@pytest.fixture
def verify(settings):
    """The command; its status, and all that it says."""

    async def run(*arguments: str) -> tuple[int, str]:
        invoke = CliRunner(env=settings).invoke
        ended = await asyncio.to_thread(invoke, service.commands, ["verify-activity", *arguments])
        return ended.exit_code, ended.output

    return run


async def tamper(database, statements: str) -> None:
    """As one with every right: no trigger fires."""
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements.split("; "):
            await session.execute(text(statement))


async def head_of(database) -> str:
    async with database.reading() as connection:
        return (await head(connection)).hash.hex()


async def test_a_log_that_nobody_touched_verifies_and_shows_its_head(database, verify):
    await log(database, envelope())
    last = await head_of(database)
    assert await verify() == (0, f"10 rows verified, 1 wait for their seal.\nHead: {last}\n")


@pytest.mark.parametrize(
    ("statement", "status", "said"),
    [
        ("SELECT 1", 0, "10 rows verified"),
        ("DELETE FROM activity WHERE id = 5", 1, "The chain is broken at position 5: row 5 was removed."),
    ],
)
async def test_the_status_of_the_process_tells_a_watchman(database, settings, statement, status, said):
    await tamper(database, statement)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "identity", "verify-activity"),
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == status
    assert output.decode().startswith(said)


async def test_it_finds_a_change_in_any_column(database, verify):
    await tamper(database, "CREATE TABLE kept AS SELECT * FROM activity")
    for change in (
        "actor = 'staff:other'", "actor = NULL", "company_id = NULL", "subject = 'm-2'", "type = 'other'",
        "door = 'system'", "source = 'orders'", "correlation_id = 'c-2'", "event_id = gen_random_uuid()",
        "happened_at = happened_at + interval '1 microsecond'",
    ):  # fmt: skip
        await tamper(database, f"UPDATE activity SET {change} WHERE id = 5")
        status, output = await verify()
        assert (status, "broken at position 5: row 5 is not what was sealed" in output) == (1, True), change
        column = change.partition(" ")[0]
        await tamper(database, f"UPDATE activity a SET {column} = kept.{column} FROM kept WHERE kept.id = a.id")
        assert (await verify())[0] == 0


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        pytest.param("DELETE FROM activity WHERE id = 5", "position 5: row 5 was removed", id="a row removed"),
        pytest.param(
            "DELETE FROM activity WHERE id = 5; DELETE FROM activity_seals WHERE position = 5",
            "position 5: its seal is missing, the next one is at 6",
            id="a row removed with its seal",
        ),
        pytest.param(
            "DELETE FROM activity WHERE id = 5; DELETE FROM activity_seals WHERE position = 5; "
            + SHIFT.format(5) + MOVE_BACK.format(1000, 1001),
            "position 5: row 6 is not what was sealed here",
            id="a row removed and the rest moved up",
        ),
        pytest.param(INSERT.format(-1), "Row -1 is in no position", id="a row inserted in front"),
        pytest.param(INSERT.format(500_000), "Row 500000 is in no position", id="a row inserted behind"),
        pytest.param(
            INSERT.format(11) + "; " + SHIFT.format(5) + MOVE_BACK.format(1000, 999) + "; "
            "INSERT INTO activity_seals VALUES (5, 11, sha256('guessed'))",
            "position 5: row 11 is not what was sealed here",
            id="a row inserted in between with a seal",
        ),
        pytest.param(
            EXCHANGE.format(table="activity_seals", column="activity_id"),
            "position 4: row 5 is not what was sealed here",
            id="two seals exchanged",
        ),
        pytest.param(
            EXCHANGE.format(table="activity_seals", column="position"),
            "position 4: row 5 is not what was sealed here",
            id="two positions exchanged",
        ),
        pytest.param(
            # `GENERATED ALWAYS` keeps ids: two rows change places by giving each other everything else.
            "UPDATE activity a SET subject = b.subject, happened_at = b.happened_at FROM activity b "
            "WHERE (a.id, b.id) IN ((4, 5), (5, 4))",
            "position 4: row 4 is not what was sealed here",
            id="two rows exchanged",
        ),
        pytest.param("DELETE FROM activity WHERE id > 8", "position 9: row 9 was removed", id="the end removed"),
        pytest.param(
            "DELETE FROM activity_seals WHERE position > 8", "Row 9 is in no position", id="the seals of the end removed"
        ),
        pytest.param(
            "DELETE FROM activity_seals WHERE position = 1", "position 1: its seal is missing", id="the first seal removed"
        ),
        pytest.param(
            "INSERT INTO activity_unsealed VALUES (12)", "Row 12 was removed before it was sealed", id="an unsealed row"
        ),
    ],
)  # fmt: skip
async def test_it_finds(database, verify, statements, said):
    await tamper(database, statements)
    status, output = await verify()
    assert status == 1
    assert said in output


async def test_a_row_that_was_kept_from_its_seal_is_found(database, verify):
    await log(database, envelope())
    await tamper(database, "DELETE FROM activity_unsealed")
    status, output = await verify()
    assert (status, output[: len("Row 11 is in no position")]) == (1, "Row 11 is in no position")


async def test_an_end_that_was_removed_with_its_seals_is_found_by_a_head_that_was_kept(database, verify):
    kept = await head_of(database)
    await tamper(database, "DELETE FROM activity WHERE id > 8; DELETE FROM activity_seals WHERE position > 8")
    assert (await verify())[0] == 0
    status, output = await verify("--head", kept)
    assert status == 1
    assert f"The head {kept} is not in the chain of 8 rows" in output


async def test_a_chain_that_was_made_anew_is_found_by_a_head_that_was_kept(database, verify):
    kept = await head_of(database)
    await tamper(
        database,
        "UPDATE activity SET actor = 'staff:other' WHERE id = 5; DELETE FROM activity_seals; "
        "INSERT INTO activity_unsealed SELECT id FROM activity",
    )
    await seal(database)
    assert (await verify())[0] == 0
    assert (await verify("--head", kept))[0] == 1


async def test_a_head_that_was_kept_is_found_however_many_rows_came_since(database, verify):
    kept = await head_of(database)
    await log(database, envelope())
    await seal(database)
    status, output = await verify("--head", kept.upper())
    assert (status, output.splitlines()[-1]) == (0, "The head that was kept is at position 10.")
    assert (await verify("--head", BEGINNING.hex()))[0] == 0


@pytest.mark.parametrize("written", ["", "abc", "g" * 64, "0" * 63, "0" * 66])
async def test_what_is_no_head_is_refused(verify, written):
    assert await verify("--head", written) == (1, "A head is 64 hexadecimal digits.\n")


async def test_it_verifies_after_all_that_is_known_of_a_person_was_erased(database, verify):
    async with database.transaction() as session:
        company = await a_company(session)
        member = await a_member(session, company, "ada@example.com")
        await session.flush()
    await log(database, envelope(actor=f"member:{member.id}", subject=str(member.id)), company=company.id)
    await seal(database)
    kept = await head_of(database)
    async with database.transaction() as session:
        contact = await session.get_one(Contact, member.contact_id)
        contact.name, contact.email = "erased", f"{new_id()}@erased.invalid"
        await session.execute(text("DELETE FROM members WHERE id = :id"), {"id": member.id})
    async with database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM members")) == 0
    status, output = await verify("--head", kept)
    assert (status, output.splitlines()[0]) == (0, "11 rows verified, 0 wait for their seal.")
