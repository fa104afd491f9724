"""ID-19: customer groups, who names them, and the conditions that they give."""

import asyncio
from collections import Counter

import pytest

from tests.identity.people import a_company, a_member

BAKERIES = {"code": "bakeries", "names": {"nl": "Bakkerijen", "en": "Bakeries"}}
COMPANY = {"legal_name": "Bakkerij", "country": "NL", "language": "nl", "storefront": "main"}
VAT = "NL123456782B90"
CONDITIONS = ("sales_representative", "pays_by_invoice", "invoice_days", "credit_limit")
LIMIT, NO_LIMIT = ({"amount": amount, "currency": "EUR"} for amount in ("5000.00", "0.00"))


def code(answer):
    return answer.status_code, answer.json().get("code")


async def send(api, method, path, body=None, **headers):
    return await api.http.request(method, f"/v1{path}", json=body, headers={**api.staff, **headers})


async def create(api, **changed):
    return await send(api, "POST", "/groups", {**BAKERIES, **changed})


async def change(api, group="bakeries", **values):
    return await send(api, "PATCH", f"/groups/{group}", values, **{"If-Match": "*"})


async def a_new_company(api, **said):
    return await send(api, "POST", "/companies", {**COMPANY, "vat_number": VAT, **said})


async def conditions(api, company_id):
    company = (await send(api, "GET", f"/companies/{company_id}")).json()
    return [company["groups"], *(company[name] for name in CONDITIONS)]


async def test_a_group_is_made_once_read_and_changed_by_its_version(api):
    answers = await asyncio.gather(*(create(api) for _ in range(4)))
    assert Counter(map(code, answers)) == {(201, "bakeries"): 1, (409, "group-exists"): 3}
    read = await send(api, "GET", "/groups/bakeries")
    assert (read.json()["names"], read.json()["active"]) == (BAKERIES["names"], True)
    changed = await send(api, "PATCH", "/groups/bakeries", {"invoice_days": 30}, **{"If-Match": read.headers["ETag"]})
    assert (changed.json()["invoice_days"], changed.json()["names"]) == (30, BAKERIES["names"])
    stale = await send(api, "PATCH", "/groups/bakeries", {"names": {"en": "B"}}, **{"If-Match": read.headers["ETag"]})
    assert code(stale) == (412, "stale-version")
    assert [one["code"] for one in (await send(api, "GET", "/groups")).json()["items"]] == ["bakeries"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "a b"},
        {"names": {}},
        {"names": {"xx": "?"}},
        {"names": {"en": ""}},
        {"invoice_days": 400},
        {"x": 1},
        {"credit_limit": {"amount": "-1", "currency": "EUR"}},
        {"credit_limit": "1 EUR"},
    ],
)
async def test_what_can_not_be_a_group_is_refused(api, wrong):
    assert (await create(api, **wrong)).status_code == 422


async def test_a_new_company_is_given_what_its_groups_have_by_default_where_nothing_is_said(api):
    await create(api, pays_by_invoice=True, invoice_days=30, credit_limit=LIMIT)
    await create(api, code="south", sales_representative="anna", invoice_days=14)
    both = await a_new_company(api, groups=["bakeries", "south"])
    assert await conditions(api, both.json()["company_id"]) == [["bakeries", "south"], "anna", True, 30, LIMIT]
    own = {"sales_representative": "bo", "pays_by_invoice": False, "invoice_days": 0, "credit_limit": NO_LIMIT}
    said = await a_new_company(api, groups=["bakeries"], **own)
    assert await conditions(api, said.json()["company_id"]) == [["bakeries"], "bo", False, 0, NO_LIMIT]
    assert await conditions(api, (await a_new_company(api)).json()["company_id"]) == [[], None, False, None, None]


async def test_a_change_of_a_group_takes_nothing_from_who_is_in_it(api):
    await create(api, pays_by_invoice=True, credit_limit=LIMIT)
    company = (await a_new_company(api, groups=["bakeries"])).json()["company_id"]
    assert (await change(api, pays_by_invoice=None)).json()["pays_by_invoice"] is None
    assert (await change(api, credit_limit=NO_LIMIT)).json()["credit_limit"] == NO_LIMIT
    assert (await change(api, credit_limit=None)).json()["credit_limit"] is None
    assert await conditions(api, company) == [["bakeries"], None, True, None, LIMIT]


async def test_nobody_joins_a_group_that_is_not_there_or_not_active(api):
    await create(api)
    inside = (await a_new_company(api, groups=["bakeries"])).json()["company_id"]
    await change(api, active=False)
    person = {"name": "Iris", "email": "iris@example.com", "language": "nl"}
    doors = {"code": "outlet", "name": "Outlet", "access": "closed"}
    policy = (await send(api, "GET", "/policies/registration")).json()
    for groups in (["bakeries"], ["nowhere"]):
        for method, path, body, headers in (
            ("POST", "/companies", {**COMPANY, "vat_number": VAT}, {}),
            ("POST", "/contacts", person, {}),
            ("POST", "/storefronts", doors, {}),
            ("PUT", "/policies/registration", policy, {"If-Match": '"0"'}),
        ):
            refused = await send(api, method, path, {**body, "groups": groups}, **headers)
            assert code(refused) == (422, "group-unknown"), path
            assert refused.json()["errors"][0]["pointer"] == "/groups"
            assert refused.json()["groups"] == groups
    stays = await send(
        api, "PATCH", f"/companies/{inside}", {"groups": ["bakeries"], "phone": "1"}, **{"If-Match": "*"}
    )
    assert stays.status_code == 200, "who is in it stays"
    joins = await send(api, "PATCH", f"/companies/{inside}", {"groups": ["nowhere"]}, **{"If-Match": "*"})
    assert code(joins) == (422, "group-unknown")


async def test_a_registration_is_not_refused_for_a_group_that_its_policy_names_and_is_gone(api):
    await create(api)
    policy = (await send(api, "GET", "/policies/registration")).json() | {"groups": ["bakeries"]}
    assert (await send(api, "PUT", "/policies/registration", policy, **{"If-Match": '"0"'})).status_code == 200
    assert code(await send(api, "DELETE", "/groups/bakeries")) == (409, "group-in-use")
    await change(api, active=False)
    body = {
        "storefront": "main",
        "language": "nl",
        "company": {"legal_name": "Bakkerij", "country": "NL", "vat_number": VAT},
        "applicant": {"name": "Iris", "email": "iris@bakkerij.example"},
    }
    applied = await send(api, "POST", "/applications", body)
    assert applied.status_code == 201
    assert await conditions(api, applied.json()["company_id"]) == [[], None, False, None, None]


async def test_a_group_goes_when_nothing_names_it(api):
    await create(api)
    company = (await a_new_company(api, groups=["bakeries"])).json()["company_id"]
    assert code(await send(api, "DELETE", "/groups/bakeries")) == (409, "group-in-use")
    await send(api, "PATCH", f"/companies/{company}", {"groups": []}, **{"If-Match": "*"})
    assert (await send(api, "DELETE", "/groups/bakeries")).status_code == 204
    assert (await send(api, "GET", "/groups/bakeries")).status_code == 404
    assert (await send(api, "DELETE", "/groups/bakeries")).status_code == 404
    assert (await create(api)).status_code == 201


async def test_of_who_joins_a_group_and_who_deletes_it_at_one_moment_one_is_refused(api):
    for turn in range(5):
        group = f"group-{turn}"
        await create(api, code=group)
        joined, removed = await asyncio.gather(
            a_new_company(api, groups=[group]), send(api, "DELETE", f"/groups/{group}")
        )
        assert (joined.status_code, removed.status_code) in {(201, 409), (422, 204)}


async def test_members_neither_see_nor_change_groups(api):
    async with api.database.transaction() as session:
        member = await a_member(session, await a_company(session), "iris@example.com")
    headers = {**await api.member(member), "If-Match": "*"}
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/x"), ("PATCH", "/x"), ("DELETE", "/x")):
        answer = await api.http.request(method, f"/v1/groups{path}", json=BAKERIES if not path else {}, headers=headers)
        assert code(answer) == (403, "staff-only")
