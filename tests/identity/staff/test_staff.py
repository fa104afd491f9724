"""The merchant's own people, on real PostgreSQL."""

import asyncio

import pytest

from chassis.errors import Conflict, Unauthenticated
from identity.sign_in.models import SubjectKind
from identity.sign_in.signing_in import Attempt, sign_in
from identity.staff.commands import AddStaff, StaffTerms, add_staff, bootstrap_staff
from identity.staff.models import ADMINISTRATOR
from identity.staff.policies import REPRESENTATIVE
from tests.identity.people import AT, CHEAP, PASSWORD


@pytest.fixture
async def database(new_database):
    return await new_database("identity")


async def bootstrap(database, email: str):
    async with database.transaction() as session:
        return await bootstrap_staff(
            session, AddStaff("Sanne", email, await CHEAP.hash(PASSWORD), StaffTerms(ADMINISTRATOR)), AT
        )


async def test_the_first_is_bootstrapped_once_and_nobody_else(database):
    assert await bootstrap(database, "sanne@example.com")
    assert await bootstrap(database, "sanne@example.com") is None
    with pytest.raises(Conflict, match="staff-bootstrapped"):
        await bootstrap(database, "joost@example.com")


async def test_two_bootstraps_at_once_make_one(database):
    tries = [bootstrap(database, f"{name}@example.com") for name in ("sanne", "joost")]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(one) for one in outcomes].count(Conflict) == 1


async def test_staff_adds_staff_who_signs_in_as_staff_only(database):
    first = await bootstrap(database, "sanne@example.com")
    command = AddStaff(
        "Joost", "joost@example.com", await CHEAP.hash(PASSWORD), StaffTerms(REPRESENTATIVE), added_by=first.id
    )
    async with database.transaction() as session:
        joost = await add_staff(session, command, AT)
    with pytest.raises(Conflict, match="staff-exists"):
        async with database.transaction() as session:
            await add_staff(session, command, AT)
    attempt = Attempt(SubjectKind.STAFF, "joost@example.com", PASSWORD, "192.0.2.0/24")
    opened = await sign_in(database, CHEAP, attempt, AT)
    assert (opened.session.subject_id, opened.session.member_id) == (joost.id, None)
    as_member = Attempt(SubjectKind.MEMBER, "joost@example.com", PASSWORD, "192.0.2.0/24")
    with pytest.raises(Unauthenticated):
        await sign_in(database, CHEAP, as_member, AT)
