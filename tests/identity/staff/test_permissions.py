"""What the merchant's people may do (ID-21), over HTTP on real PostgreSQL."""

import asyncio
import json
from datetime import timedelta

import pytest
from joserfc import jws
from sqlalchemy import select, text

from chassis import clock
from chassis.errors import Forbidden, Unauthenticated
from contracts.identity.tokens import claims_adapter
from contracts.identity.values import StaffPermission
from identity.sign_in.models import SignInSession, SubjectKind
from identity.sign_in.signing_in import Attempt, renew, sign_in
from identity.sign_in.tokens import access_token
from identity.staff.commands import StaffTerms, end_externals
from identity.staff.models import ADMINISTRATOR
from tests.identity.people import CHEAP, PASSWORD

SERVICE = {"names": {"en": "Customer service"}, "permissions": ["see_customers", "see_all_companies"]}


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def put_roles(api, who=None, **roles):
    path, who = "/v1/policies/staff-roles", who or api.staff
    read = await api.http.get(path, headers=api.staff)
    changed = {**read.json()["roles"], **roles}
    body = {"roles": {name: role for name, role in changed.items() if role}}
    return await api.http.put(path, json=body, headers={**who, "If-Match": read.headers["ETag"]})


async def give(api, staff_id, who=None, **terms):
    headers = {**(who or api.staff), "If-Match": "*"}
    return await api.http.put(f"/v1/staff/{staff_id}/terms", json=terms, headers=headers)


async def claims(api, staff_id):
    """Of the token that he is given now."""
    session = SignInSession(id=staff_id, kind=SubjectKind.STAFF, subject_id=staff_id, member_id=None, company_id=None)
    async with api.database.session() as transaction:
        access = await access_token(transaction, api.signer, session, clock.now())
    said = decoded(access.token)
    return claims_adapter.validate_python(said), said


def decoded(token: str):
    return json.loads(jws.extract_compact(token.encode()).payload)


async def test_a_role_of_the_merchants_own_gives_its_permissions_and_no_others(api):
    assert (await put_roles(api, service=SERVICE)).status_code == 200
    staff_id, service = await api.colleague("Noor", StaffTerms("service"))
    assert (await api.http.get("/v1/companies", headers=service)).status_code == 200
    refused = await api.http.get("/v1/staff", headers=service)
    assert code(refused) == (403, "permission-missing")
    assert refused.json()["permission"] == "manage_staff"
    said, _ = await claims(api, staff_id)
    assert said.permissions == {"see_customers", "see_all_companies"}
    me = (await api.http.get("/v1/me", headers=service)).json()
    assert me["permissions"] == ["see_all_companies", "see_customers"]


async def test_permissions_are_given_one_by_one_and_another_default_set_changes_nobody(api):
    await put_roles(api, service=SERVICE)
    staff_id, service = await api.colleague("Noor", StaffTerms("service"))
    await put_roles(api, service={**SERVICE, "permissions": []})
    assert (await api.http.get("/v1/companies", headers=service)).status_code == 200
    given = await give(api, staff_id, role="service", permissions=["see_activity", "see_all_companies"])
    assert given.json()["permissions"] == ["see_activity", "see_all_companies"]
    assert code(await api.http.get("/v1/companies", headers=service)) == (403, "permission-missing")
    assert (await api.http.get("/v1/activity", headers=service)).status_code == 200


async def test_who_changes_policies_does_not_change_the_roles_of_staff(api):
    """Else he would give himself the permission to manage staff."""
    _, clerk = await api.colleague("Noor", StaffTerms("representative", {StaffPermission.MANAGE_POLICIES}))
    assert code(await put_roles(api, clerk, service=SERVICE)) == (403, "permission-missing")


async def test_the_administrator_stays_and_may_everything(api):
    body = {"names": {"en": "Boss"}, "permissions": []}
    changed = (await put_roles(api, administrator=body)).json()["roles"]["administrator"]
    assert set(changed["permissions"]) == set(StaffPermission)
    assert code(await put_roles(api, administrator=None)) == (422, "invalid-request")
    staff_id, _ = await api.colleague("Noor", StaffTerms(ADMINISTRATOR, frozenset()))
    said, _ = await claims(api, staff_id)
    assert said.permissions == set(StaffPermission)


async def test_a_role_that_one_of_the_staff_has_stays(api):
    await put_roles(api, service=SERVICE)
    await api.colleague("Noor", StaffTerms("service"))
    refused = await put_roles(api, service=None)
    assert code(refused) == (409, "role-in-use")
    assert refused.json()["roles"] == ["service"]


async def test_terms_that_can_not_be_are_refused_where_they_are_named(api):
    past, soon = "2020-01-01T00:00:00Z", (clock.now() + timedelta(days=1)).isoformat()
    for terms, refusal, pointer in (
        ({"role": "none"}, "role-unknown", "/role"),
        ({"role": "administrator", "organisation": "Agency"}, "external-without-end", "/until"),
        ({"role": "administrator", "until": soon}, "external-without-end", "/until"),
        ({"role": "administrator", "organisation": "Agency", "until": past}, "until-past", "/until"),
    ):
        answer = await give(api, api.staff_id, **terms)
        assert code(answer) == (422, refusal)
        assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


async def test_the_last_who_may_manage_staff_is_neither_demoted_nor_deactivated(api):
    """An external does not count, since his time runs out."""
    terms = StaffTerms(ADMINISTRATOR, organisation="Agency", until=clock.now() + timedelta(days=9))
    _, external = await api.colleague("Noor", terms)
    assert code(await give(api, api.staff_id, external, role="representative")) == (409, "last-staff-manager")
    for_a_while = {"role": "administrator", "organisation": "Agency", "until": terms.until.isoformat()}
    assert code(await give(api, api.staff_id, external, **for_a_while)) == (409, "last-staff-manager")
    path = f"/v1/staff/{api.staff_id}/deactivate"
    assert code(await api.http.post(path, headers=external)) == (409, "last-staff-manager")
    await api.colleague("Joost", StaffTerms(ADMINISTRATOR))
    assert (await api.http.post(path, headers=external)).json()["active"] is False


@pytest.mark.parametrize("way", ["demoted", "deactivated"])
async def test_of_two_who_take_it_from_each_other_at_once_one_remains(api, way):
    other_id, other = await api.colleague("Joost", StaffTerms(ADMINISTRATOR))

    def take(staff_id, who):
        if way == "demoted":
            return give(api, staff_id, who, role="representative")
        return api.http.post(f"/v1/staff/{staff_id}/deactivate", headers=who)

    answers = await asyncio.gather(take(other_id, api.staff), take(api.staff_id, other))
    assert sorted(answer.status_code for answer in answers)[0] == 200
    left = "SELECT count(*) FROM staff WHERE active AND role = 'administrator'"
    async with api.database.reading() as connection:
        assert await connection.scalar(text(left)) == 1


async def account(api, name: str, **terms) -> str:
    body = {"name": name, "email": f"{name.lower()}@example.com", "password": PASSWORD, "role": "administrator"}
    answer = await api.http.post("/v1/staff", json={**body, **terms}, headers=api.staff)
    return answer.json()["staff_id"]


async def open_session(api, name: str, at):
    attempt = Attempt(SubjectKind.STAFF, f"{name.lower()}@example.com", PASSWORD, "192.0.2.0/24")
    return await sign_in(api.database, CHEAP, attempt, at)


async def test_who_is_deactivated_is_out_and_comes_back_with_what_he_had(api):
    staff_id = await account(api, "Noor")
    opened = await open_session(api, "Noor", clock.now())
    path = f"/v1/staff/{staff_id}"
    assert (await api.http.post(f"{path}/deactivate", headers=api.staff)).json()["active"] is False
    with pytest.raises(Unauthenticated, match="refresh-token-invalid"):
        await renew(api.database, opened.refresh_token, clock.now())
    async with api.database.reading() as connection:
        ended = await connection.scalar(select(SignInSession.ended_at).where(SignInSession.id == opened.session.id))
    assert ended
    with pytest.raises(Unauthenticated, match="credentials-invalid"):
        await open_session(api, "Noor", clock.now())
    listed = [one["name"] for one in (await api.http.get("/v1/staff", headers=api.staff)).json()["items"]]
    assert listed == ["Sanne"]
    back = (await api.http.post(f"{path}/reactivate", headers=api.staff)).json()
    assert (back["active"], back["role"]) == (True, "administrator")
    await open_session(api, "Noor", clock.now())


async def test_an_external_is_out_when_his_time_is_over(api):
    """He neither signs in nor renews, and no token outlives his time; the house-keeping then deactivates him."""
    until = clock.now() + timedelta(minutes=2)
    staff_id = await account(api, "Noor", organisation="Agency", until=until.isoformat())
    opened = await open_session(api, "Noor", clock.now())
    _, said = await claims(api, staff_id)
    assert said["exp"] == int(until.timestamp())
    with pytest.raises(Forbidden, match="access-ended"):
        await open_session(api, "Noor", until)
    with pytest.raises(Forbidden, match="access-ended"):
        await renew(api.database, opened.refresh_token, until)
    shown = (await api.http.get(f"/v1/staff/{staff_id}", headers=api.staff)).json()
    assert (shown["kind"], shown["organisation"], shown["active"]) == ("external", "Agency", True)
    async with api.database.transaction() as session:
        await end_externals(session, until)
    shown = (await api.http.get(f"/v1/staff/{staff_id}", headers=api.staff)).json()
    assert shown["active"] is False


async def test_an_external_is_told_how_long_his_token_really_lasts(api):
    """ID-21, ID-23: at sign-in and at renewal; of everybody else it is the life of a token."""
    until = clock.now() + timedelta(minutes=2)
    await account(api, "Noor", organisation="Agency", until=until.isoformat())
    await account(api, "Kim")
    for name, longest in (("Noor", 120), ("Kim", 300)):
        credentials = {"kind": "staff", "email": f"{name.lower()}@example.com", "password": PASSWORD}
        signed_in = (await api.http.post("/v1/sessions", json=credentials)).json()
        body = {"refresh_token": signed_in["refresh_token"]}
        renewed = (await api.http.post("/v1/sessions/refresh", json=body)).json()
        for tokens in (signed_in, renewed):
            said = decoded(tokens["access_token"])
            assert tokens["expires_in"] == said["exp"] - said["iat"]
            assert longest - 60 < tokens["expires_in"] <= longest


async def test_a_token_of_an_external_whose_time_is_over_opens_nothing(api):
    terms = StaffTerms(ADMINISTRATOR, organisation="Agency", until=clock.now() + timedelta(days=1))
    staff_id, external = await api.colleague("Noor", terms)
    assert (await api.http.get("/v1/staff", headers=external)).status_code == 200
    async with api.database.transaction() as session:
        await session.execute(text("UPDATE staff SET until = now() WHERE id = :id"), {"id": staff_id})
    assert code(await api.http.get("/v1/staff", headers=external)) == (401, "token-invalid")
