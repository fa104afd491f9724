"""ID-14: an attester that will be away names who decides for him; it is over by itself, and nobody gets more by it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis import clock
from chassis.ids import new_id
from contracts.identity.values import Permission
from identity.members.commands import EditMember, RemoveMember, edit_member, remove_member
from identity.members.models import Member
from identity.members.substitution import note_substitutions
from identity.roles.policies import BuiltIn
from tests.identity.people import AT, a_company, a_member

ATTESTS = frozenset({Permission.ATTEST_ORDERS})


class Firm:
    """Two attesters, a buyer and an administrator."""

    def __init__(self, api) -> None:
        self.api = api

    async def begin(self) -> "Firm":
        async with self.api.database.transaction() as session:
            company = await a_company(session)
            self.owner = await a_member(session, company, "owner@firm.example")
            self.away, self.other, self.buyer = [
                await a_member(session, company, f"{name}@firm.example", BuiltIn.USER)
                for name in ("away", "other", "buyer")
            ]
            stranger = await a_company(session)
            self.stranger = await a_member(session, stranger, "stranger@other.example")
        for member in (self.away, self.other):
            await self.edit(member, permissions=ATTESTS)
        await self.edit(self.buyer, permissions=frozenset({Permission.BUY}))
        return self

    async def edit(self, member, **values) -> None:
        async with self.api.database.transaction() as session:
            await edit_member(session, EditMember(member.id, None, "*", **values))

    async def name(self, who, of, substitute, since=timedelta(0), until=timedelta(days=7)):
        now = clock.now()
        body = {
            "substitute_id": str(substitute),
            "since": (now + since).isoformat(),
            "until": (now + until).isoformat(),
        }
        headers = await self.api.member(who) if isinstance(who, Member) else who
        return await self.api.http.put(f"/v1/members/{of.id}/substitution", json=body, headers=headers)

    async def substitute(self, of) -> UUID | None:
        async with self.api.database.reading() as connection:
            return await connection.scalar(select(Member.substitute_id).where(Member.id == of.id))


def refusal(answer) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


@pytest.fixture
async def firm(api) -> Firm:
    return await Firm(api).begin()


async def test_he_names_one_himself_and_takes_it_back(firm, api):
    named = await firm.name(firm.away, firm.away, firm.other.id)
    assert named.status_code == 200, named.text
    assert named.json()["substitution"]["substitute_id"] == str(firm.other.id)
    me = (await api.http.get("/v1/me", headers=await api.member(firm.away))).json()
    assert me["member"]["substitute_id"] == str(firm.other.id)
    path = f"/v1/members/{firm.away.id}/substitution"
    for _ in range(2):
        ended = await api.http.delete(path, headers=await api.member(firm.away))
        assert ended.json()["substitution"] is None


async def test_who_manages_members_and_staff_name_one_for_him_and_nobody_else_does(firm, api):
    assert (await firm.name(firm.owner, firm.away, firm.other.id)).status_code == 200
    assert (await firm.name(api.staff, firm.away, firm.other.id)).status_code == 200
    assert refusal(await firm.name(firm.other, firm.away, firm.other.id)) == (403, "permission-missing")
    assert refusal(await firm.name(firm.stranger, firm.away, firm.other.id)) == (404, "not-found")
    assert refusal(await firm.name(firm.stranger, firm.away, firm.stranger.id)) == (404, "not-found")
    await firm.edit(firm.buyer, permissions=frozenset({Permission.MANAGE_MEMBERS}))
    assert refusal(await firm.name(firm.buyer, firm.owner, firm.other.id)) == (403, "administrators-only")


async def test_only_another_attester_of_the_company_is_a_substitute(firm):
    """One of another company and one that does not exist get the same answer."""
    for unfit in (firm.buyer.id, firm.stranger.id, new_id(), firm.away.id):
        answer = await firm.name(firm.away, firm.away, unfit)
        assert refusal(answer) == (422, "substitute-unknown")
        assert answer.json()["errors"][0]["pointer"] == "/substitute_id"
    assert refusal(await firm.name(firm.buyer, firm.buyer, firm.other.id)) == (409, "member-may-not-attest")


async def test_it_has_an_end_that_is_to_come(firm):
    day = timedelta(days=1)
    for since, until in ((day, day), (day, timedelta(0)), (-2 * day, -day), (timedelta(0), 400 * day)):
        answer = await firm.name(firm.away, firm.away, firm.other.id, since, until)
        assert refusal(answer) == (422, "substitution-period")


async def test_who_is_away_himself_is_no_substitute_in_that_time(firm):
    await firm.name(firm.other, firm.other, firm.owner.id, timedelta(days=1), timedelta(days=3))
    assert refusal(await firm.name(firm.away, firm.away, firm.other.id)) == (422, "substitute-is-away")
    later = await firm.name(firm.away, firm.away, firm.other.id, timedelta(days=3), timedelta(days=5))
    assert later.status_code == 200


async def test_it_is_over_when_the_substitute_leaves_or_may_not_attest_any_more(firm, api):
    await firm.name(firm.away, firm.away, firm.other.id)
    await firm.edit(firm.other, permissions=frozenset({Permission.BUY}))
    assert await firm.substitute(firm.away) is None
    await firm.name(firm.away, firm.away, firm.owner.id)
    await firm.edit(firm.other, role=BuiltIn.ADMINISTRATOR)
    async with api.database.transaction() as session:
        await remove_member(session, RemoveMember(firm.owner.id, None), AT)
    assert await firm.substitute(firm.away) is None


async def test_it_begins_and_ends_by_the_clock_and_each_is_told_once(firm, api):
    start, end = clock.now() + timedelta(days=1), clock.now() + timedelta(days=2)
    await firm.name(firm.away, firm.away, firm.other.id, timedelta(days=1), timedelta(days=2))

    async def told() -> int:
        async with api.database.reading() as connection:
            return await connection.scalar(select(Member.sequence).where(Member.id == firm.away.id)) or 0

    before, minute = await told(), timedelta(minutes=1)
    for at, changes in ((start - minute, 0), (start + minute, 1), (start + 2 * minute, 1), (end + minute, 2)):
        async with api.database.transaction() as session:
            await note_substitutions(session, at)
        assert await told() - before == changes, at
    assert await firm.substitute(firm.away) is None


async def test_a_substitute_that_is_removed_at_the_same_moment_is_none(firm, api):
    async def removal():
        async with api.database.transaction() as session:
            await remove_member(session, RemoveMember(firm.other.id, None), AT)

    answer, _ = await asyncio.gather(firm.name(firm.away, firm.away, firm.other.id), removal())
    assert refusal(answer) in ((200, ""), (422, "substitute-unknown"))
    assert await firm.substitute(firm.away) is None
