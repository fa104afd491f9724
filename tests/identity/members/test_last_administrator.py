"""A company with account access always has an administrator (ID-16), on real PostgreSQL."""

import asyncio
import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from chassis.errors import Conflict
from chassis.ids import new_id
from contracts.identity.values import Permission
from identity.members.commands import EditMember, RemoveMember, edit_member, remove_member
from identity.members.models import Member
from identity.roles.policies import BuiltIn
from tests.identity.people import AT, a_company, a_member


@pytest.fixture
async def database(new_database):
    return await new_database("identity")


async def administrators(database, company_id) -> int:
    async with database.transaction() as session:
        held = Member.company_id == company_id, Member.active, Member.administers
        return await session.scalar(select(func.count()).select_from(Member).where(*held))


async def company_with(database, *names: str):
    async with database.transaction() as session:
        company = await a_company(session)
        return company.id, [(await a_member(session, company, f"{name}@example.com")).id for name in names]


async def test_the_last_administrator_is_neither_removed_nor_demoted(database):
    company, (ada,) = await company_with(database, "ada")
    for act in (remove(database, ada), demote(database, ada)):
        with pytest.raises(Conflict) as refused:
            await act
        assert refused.value.code == "last-administrator"
    assert await administrators(database, company) == 1


async def test_two_that_demote_each_other_at_once_leave_one(database):
    company, (ada, bob) = await company_with(database, "ada", "bob")
    outcomes = await asyncio.gather(demote(database, ada), demote(database, bob), return_exceptions=True)
    assert [type(one) for one in outcomes].count(Conflict) == 1
    assert await administrators(database, company) == 1


async def test_a_removed_member_is_not_removed_again(database):
    _, (_, bob) = await company_with(database, "ada", "bob")
    await remove(database, bob)
    assert (await remove(database, bob)).sequence == 2


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(st.tuples(st.sampled_from(["remove", "demote", "promote"]), st.integers(0, 2)), max_size=6))
async def test_whatever_is_tried_one_administrator_remains(database, acts):
    company, members = await company_with(database, *(new_id().hex for _ in range(3)))
    for act, which in acts:
        step = {"remove": remove, "demote": demote, "promote": promote}[act]
        with contextlib.suppress(Conflict):
            await step(database, members[which])
        assert await administrators(database, company) >= 1


async def demote(database, member):
    return await edit(database, member, BuiltIn.USER)


async def promote(database, member):
    return await edit(database, member, BuiltIn.ADMINISTRATOR)


async def edit(database, member, role):
    async with database.transaction() as session:
        return await edit_member(session, EditMember(member, None, "*", role=role))


async def remove(database, member):
    async with database.transaction() as session:
        return await remove_member(session, RemoveMember(member, None), AT)


async def test_a_new_role_brings_its_permissions_and_named_ones_stay(database):
    _, (_, bob) = await company_with(database, "ada", "bob")
    async with database.transaction() as session:
        terms = {"role": BuiltIn.USER, "permissions": {Permission.SEE_PRICES}, "always_attested": True}
        await edit_member(session, EditMember(bob, None, '"1"', **terms))
    async with database.transaction() as session:
        member = await edit_member(session, EditMember(bob, None, '"2"', always_attested=False))
    assert member.permissions == {Permission.SEE_PRICES}
    assert not member.always_attested
