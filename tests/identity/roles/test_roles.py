"""The merchant's own roles, over HTTP on real PostgreSQL (ID-15)."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text

from contracts.identity.values import LinkPurpose, Permission
from contracts.shared.values import Language
from identity.companies.models import Company
from identity.invitations.accepting import AcceptInvitation, accept_invitation
from identity.members.commands import RemoveMember, remove_member
from identity.members.grants import MemberTerms, granted
from identity.members.models import Member
from identity.roles.policies import BUILT_IN, BuiltIn, Role
from tests.identity.people import AT, CHEAP, KEYS, PASSWORD, a_company, a_member
from tests.waiting import eventually

EMAIL = "noor@example.com"
LEAD = {
    "names": {"en": "Purchasing lead", "sv": "Inköpschef"},
    "permissions": ["buy", "see_prices", "see_all_orders", "attest_orders"],
}
OWNER = {"names": {"nl": "Eigenaar"}, "permissions": ["manage_members"], "administers": True}


@pytest.fixture
async def company(api) -> Company:
    async with api.database.transaction() as session:
        return await a_company(session)


@pytest.fixture
async def administrator(api, company) -> Member:
    async with api.database.transaction() as session:
        return await a_member(session, company, "ada@example.com")


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_the_built_in_roles_have_names_in_every_language_and_ever_more_permissions():
    assert BUILT_IN.keys() == set(BuiltIn)
    assert all(role.names.keys() == set(Language) for role in BUILT_IN.values())
    user, employee, administrator = (BUILT_IN[one].permissions for one in ("user", "employee", "administrator"))
    assert user < employee < administrator
    assert [code for code, role in BUILT_IN.items() if role.administers] == [BuiltIn.ADMINISTRATOR]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ({"sv": "Inköpschef", "en": "Lead"}, "Inköpschef"),
        ({"nl": "Hoofd", "en": "Lead"}, "Lead"),
        ({"nl": "Hoofd", "fr": "Chef"}, "Chef"),
    ],
)
def test_a_role_is_named_in_the_readers_language_or_in_english_or_in_what_there_is(names, told):
    assert Role(names=names, permissions=frozenset()).name(Language.SWEDISH) == told


async def test_a_member_gets_the_merchants_own_role_by_invitation(api, company, administrator):
    assert (await api.set_roles(lead=LEAD)).status_code == 200
    headers = await api.member(administrator)
    assert (await api.http.get("/v1/roles", headers=headers)).json()["roles"]["lead"]["names"] == LEAD["names"]
    answer = await api.invite(company.id, EMAIL, headers, role="lead")
    (invited,) = answer.json()["outcomes"]
    token = KEYS.token(LinkPurpose.INVITATION, UUID(invited["invitation_id"]), 1, EMAIL)
    page = (await api.http.get(f"/v1/invitation-links/{token}")).json()
    assert (page["role"], page["role_name"], page["language"]) == ("lead", "Inköpschef", "sv")
    member = await accept(api, token)
    assert (member.role, member.administers, member.permissions) == ("lead", False, set(LEAD["permissions"]))
    other = {"role": "lead", "permissions": ["see_prices"]}
    changed = await api.http.patch(f"/v1/members/{administrator.id}", json=other, headers={**headers, "If-Match": "*"})
    assert code(changed) == (409, "last-administrator")


async def accept(api, token) -> Member:
    async with api.database.transaction() as session:
        return await accept_invitation(session, AcceptInvitation(token, KEYS, await CHEAP.hash(PASSWORD)), AT)


async def test_whoever_has_a_role_that_administers_is_an_administrator(api, company, administrator):
    """ID-16 goes by the fact: with an owner, the administrator may go; the owner then is the last."""
    await api.set_roles(owner=OWNER)
    async with api.database.transaction() as session:
        owner = await a_member(session, company, "otto@example.com", "owner")
    assert owner.administers
    by_owner = await api.member(owner)
    assert (await api.invite(company.id, EMAIL, by_owner, role="administrator")).status_code == 200
    assert (await api.http.delete(f"/v1/members/{administrator.id}", headers=by_owner)).status_code == 204
    assert code(await api.http.delete(f"/v1/members/{owner.id}", headers=by_owner)) == (409, "last-administrator")


async def test_only_an_administrator_makes_one_whatever_its_role_is_called(api, company, administrator):
    await api.set_roles(owner=OWNER, manager={"names": {"en": "Manager"}, "permissions": ["manage_members"]})
    async with api.database.transaction() as session:
        manager = await a_member(session, company, "max@example.com", "manager")
    answer = await api.invite(company.id, EMAIL, await api.member(manager), role="owner")
    assert code(answer) == (403, "administrators-only")


async def test_an_unknown_role_is_refused_where_it_is_named(api, company, administrator):
    person = {"name": "Noor Smit", "email": EMAIL, "language": "nl", "role": "lead"}
    for answer in (
        await api.invite(company.id, EMAIL, api.staff, role="lead"),
        await api.http.post(f"/v1/companies/{company.id}/members", json=person, headers=api.staff),
        await api.http.patch(
            f"/v1/members/{administrator.id}", json={"role": "lead"}, headers={**api.staff, "If-Match": "*"}
        ),
    ):
        assert code(answer) == (422, "role-unknown")
        assert [one["pointer"] for one in answer.json()["errors"]] == ["/role"]
    malformed = await api.invite(company.id, EMAIL, api.staff, role="no such role")
    assert code(malformed) == (422, "invalid-request")


async def test_a_first_administrator_administers(api, company):
    answer = await api.invite(company.id, EMAIL, api.staff, role="user", first_administrator=True)
    assert code(answer) == (422, "first-administrator-administers")


async def test_another_default_set_changes_nobody_who_has_the_role(api, company, administrator):
    await api.set_roles(lead=LEAD)
    async with api.database.transaction() as session:
        before = await a_member(session, company, "bob@example.com", "lead")
    changed = await api.set_roles(lead={**LEAD, "permissions": ["see_prices"]})
    assert changed.status_code == 200
    async with api.database.transaction() as session:
        after = await a_member(session, company, "eve@example.com", "lead")
        kept = await session.scalar(select(Member.permissions).where(Member.id == before.id))
    assert (kept, after.permissions) == (set(LEAD["permissions"]), {Permission.SEE_PRICES})


async def test_a_role_in_use_stays_and_stays_what_it_is(api, company, administrator):
    await api.set_roles(lead=LEAD, owner=OWNER)
    await api.invite(company.id, EMAIL, api.staff, role="lead")
    async with api.database.transaction() as session:
        owner = await a_member(session, company, "otto@example.com", "owner")
    refused = await api.set_roles(lead=None, owner={**OWNER, "administers": False})
    assert code(refused) == (409, "role-in-use")
    assert refused.json()["roles"] == ["lead", "owner"]
    (invitation,) = (await api.http.get(f"/v1/companies/{company.id}/invitations", headers=api.staff)).json()["items"]
    await api.http.post(f"/v1/invitations/{invitation['invitation_id']}/revoke", headers=api.staff)
    async with api.database.transaction() as session:
        await remove_member(session, RemoveMember(owner.id, None), AT)
    assert (await api.set_roles(lead=None, owner={**OWNER, "administers": False})).status_code == 200


async def test_a_role_that_is_being_given_is_not_taken_away(api, company):
    await api.set_roles(lead=LEAD)
    async with api.database.transaction() as session:
        await granted(session, company.id, MemberTerms("lead"))
        removal = asyncio.create_task(api.set_roles(lead=None))
        await eventually(lambda: _somebody_waits(session), what="the removal waits")
        await a_member(session, company, "bob@example.com", "lead")
    assert code(await removal) == (409, "role-in-use")


async def _somebody_waits(session) -> bool:
    blocked = "NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    return bool(await session.scalar(text(f"SELECT count(*) FROM pg_locks WHERE {blocked}")))


@pytest.mark.parametrize(
    "changed",
    [
        {"user": None},
        {"administrator": {"names": {"en": "Chief"}, "permissions": ["manage_members"]}},
        {"owner": {**OWNER, "permissions": ["buy"]}},
        {"owner": {**OWNER, "names": {}}},
        {"owner": {**OWNER, "names": {"fi": "Omistaja"}}},
        {"an owner": OWNER},
    ],
)
async def test_the_built_in_roles_stay_and_every_role_has_a_name_and_makes_sense(api, changed):
    refused = await api.set_roles(**changed)
    assert code(refused) == (422, "invalid-request")
    assert refused.json()["errors"][0]["pointer"].startswith("/roles")


async def test_the_merchant_renames_a_built_in_role_and_changes_its_permissions(api, company, administrator):
    changed = await api.set_roles(user={"names": {"en": "Orderer"}, "permissions": ["buy"]})
    assert changed.status_code == 200
    async with api.database.transaction() as session:
        assert (await a_member(session, company, "bob@example.com", "user")).permissions == {Permission.BUY}


async def test_only_staff_change_roles(api, administrator):
    headers = await api.member(administrator)
    document = (await api.http.get("/v1/roles", headers=headers)).json()
    refused = await api.http.put("/v1/policies/roles", json=document, headers={**headers, "If-Match": '"0"'})
    assert code(refused) == (403, "staff-only")
    assert code(await api.http.get("/v1/roles")) == (401, "token-missing")
