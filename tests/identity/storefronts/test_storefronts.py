"""ID-19: storefronts, and who signs in at them."""

import asyncio
from base64 import urlsafe_b64decode
from collections import Counter

import pytest

from contracts.identity.tokens import MemberClaims, claims_adapter
from identity.members.commands import AddMember, add_member
from identity.members.grants import MemberTerms, granted
from identity.roles.policies import BuiltIn
from tests.identity.people import AT, a_company, a_member, some_groups
from tests.identity.sign_in.conftest import EMAIL, STAFF_EMAIL, code, company, iris, sign_in, staff, try_to_sign_in

__all__ = ["company", "iris", "staff"]
OUTLET = {"code": "outlet", "name": "The outlet", "access": "public", "groups": [], "catalogues": ["leftovers"]}


async def create(api, **changed):
    return await api.http.post("/v1/storefronts", json={**OUTLET, **changed}, headers=api.staff)


async def change(api, storefront="outlet", if_match="*", **values):
    headers = {**api.staff, "If-Match": if_match}
    return await api.http.patch(f"/v1/storefronts/{storefront}", json=values, headers=headers)


@pytest.fixture(autouse=True)
async def groups(api):
    async with api.database.transaction() as session:
        await some_groups(session, "trade", "vip")


async def put_in_group(api, company, *groups):
    async with api.database.transaction() as session:
        (await session.merge(company)).change({"groups": list(groups)})


async def test_a_storefront_is_defined_once_read_and_changed_by_its_version(api):
    answers = await asyncio.gather(*(create(api) for _ in range(4)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 3}
    made = next(answer for answer in answers if answer.status_code == 201)
    read = await api.http.get(made.headers["Location"], headers=api.staff)
    assert (read.json(), read.headers["ETag"]) == (made.json(), made.headers["ETag"])
    changed = await change(api, if_match=made.headers["ETag"], name="Outlet", catalogues=[])
    assert (changed.json()["name"], changed.json()["catalogues"], changed.json()["access"]) == ("Outlet", [], "public")
    assert code(await change(api, if_match=made.headers["ETag"], active=False)) == (412, "stale-version")
    listed = await api.http.get("/v1/storefronts", headers=api.staff)
    assert [one["code"] for one in listed.json()["items"]] == ["outlet"]


@pytest.mark.parametrize(
    "wrong",
    [{"code": "no spaces"}, {"code": "x" * 64}, {"access": "ajar"}, {"groups": ["a b"]}, {"name": ""}, {"owner": "me"}],
)
async def test_what_can_not_be_a_storefront_is_refused(api, wrong):
    assert (await create(api, **wrong)).status_code == 422


async def test_members_neither_see_nor_change_storefronts(api, iris):
    await create(api)
    headers = {**await api.member(iris), "If-Match": "*"}
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/outlet"), ("PATCH", "/outlet")):
        answer = await api.http.request(method, f"/v1/storefronts{path}", json={} if path else OUTLET, headers=headers)
        assert code(answer) == (403, "staff-only")


async def test_a_code_that_nobody_defined_is_for_the_companies_that_belong_to_it(api, iris):
    assert (await sign_in(api)).tokens["storefront"] == "main"
    assert (await sign_in(api, storefront="main")).tokens["storefront"] == "main"
    assert code(await try_to_sign_in(api, storefront="outlet")) == (403, "storefront-unknown")


async def test_a_public_storefront_is_entered_by_every_company_and_the_token_says_which(api, iris):
    await create(api)
    tokens = (await sign_in(api, storefront="outlet")).tokens
    payload = tokens["access_token"].split(".")[1]
    claims = claims_adapter.validate_json(urlsafe_b64decode(payload + "=="))
    assert isinstance(claims, MemberClaims)
    assert (tokens["storefront"], claims.storefront) == ("outlet", "outlet")


async def test_who_is_in_no_group_that_may_enter_is_told_so_with_the_storefront(api, company, iris):
    await create(api, access="closed", groups=["trade", "vip"])
    refused = await try_to_sign_in(api, storefront="outlet")
    assert code(refused) == (403, "storefront-closed-to-group")
    assert refused.json()["storefront"] == "outlet"
    await put_in_group(api, company, "vip")
    assert (await sign_in(api, storefront="outlet")).tokens["storefront"] == "outlet"


async def test_a_session_is_not_renewed_where_its_company_may_not_enter_any_more(api, company, iris):
    await create(api)
    outlet, main = await sign_in(api, storefront="outlet"), await sign_in(api)
    for doors, refused in (
        ({"active": False}, "storefront-inactive"),
        ({"access": "closed"}, "storefront-closed-to-group"),
    ):
        await change(api, **doors)
        assert code(await outlet.renewal()) == (403, refused)
        await change(api, active=True)
    assert await main.is_alive(), "its own storefront is another"
    await change(api, groups=["vip"])
    await put_in_group(api, company, "vip")
    assert await outlet.is_alive()


async def test_the_own_storefront_has_doors_too_once_it_is_defined(api, iris):
    await create(api, code="main", access="closed", groups=["vip"])
    assert code(await try_to_sign_in(api)) == (403, "storefront-closed-to-group")


async def test_of_several_companies_the_one_that_may_enter_is_signed_in_for(api, company, iris):
    async with api.database.transaction() as session:
        other = await a_company(session)
        other.change({"groups": ["vip"]})
        grant = await granted(session, other.id, MemberTerms(BuiltIn.ADMINISTRATOR))
        await add_member(session, AddMember(other.id, iris.contact_id, grant), AT)
    await create(api, access="closed", groups=["vip"])
    assert code(await try_to_sign_in(api)) == (409, "company-not-named")
    assert (await sign_in(api, storefront="outlet")).tokens["company_id"] == str(other.id)
    named = await try_to_sign_in(api, storefront="outlet", company_id=str(company.id))
    assert code(named) == (403, "storefront-closed-to-group")


async def test_staff_credentials_open_no_storefront(api, staff):
    await create(api)
    assert code(await try_to_sign_in(api, STAFF_EMAIL, storefront="outlet")) == (403, "staff-open-no-storefront")
    assert staff.tokens["storefront"] is None


async def test_whoever_does_not_know_the_password_learns_nothing_about_doors(api, iris):
    await create(api, access="closed")
    answer = await try_to_sign_in(api, EMAIL, "another password", storefront="outlet")
    assert code(answer) == (401, "credentials-invalid")


async def test_the_groups_of_another_company_open_no_door(api, company, iris):
    """Another company of the same storefront does not lend its groups."""
    async with api.database.transaction() as session:
        other = await a_company(session)
        other.change({"groups": ["vip"]})
        await a_member(session, other, "other@example.com")
    await create(api, access="closed", groups=["vip"])
    assert code(await try_to_sign_in(api, storefront="outlet")) == (403, "storefront-closed-to-group")
