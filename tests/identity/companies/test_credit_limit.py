"""ID-01, ID-11: the credit limit of a company is kept, told to other systems, and enforced by none of ours."""

import asyncio
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from contracts.identity.events import CompanyChanged
from contracts.identity.states import CompanyState
from tests.identity.conftest import Api

COMPANY = {"legal_name": "Bakkerij", "country": "NL", "language": "nl", "storefront": "main"}
LIMIT = {"amount": "5000.00", "currency": "EUR"}
OTHER = {"amount": "5000.00", "currency": "SEK"}


async def create(api: Api, **said: Any) -> httpx2.Response:
    body = {**COMPANY, "vat_number": "NL123456782B90", **said}
    return await api.http.post("/v1/companies", json=body, headers=api.staff)


async def change(api: Api, company: str, version: str = "*", **values: Any) -> httpx2.Response:
    headers = {**api.staff, "If-Match": version}
    return await api.http.patch(f"/v1/companies/{company}", json=values, headers=headers)


async def published(api: Api, kind: Any) -> list[Any]:
    query = text("SELECT value FROM outbox WHERE type = :type ORDER BY id")
    async with api.database.reading() as connection:
        return [kind.model_validate_json(one) for one in await connection.scalars(query, {"type": kind.type})]


async def test_it_is_given_changed_and_taken_away_and_each_time_published(api: Api) -> None:
    company = (await create(api, credit_limit=LIMIT)).json()["company_id"]
    read = await api.http.get(f"/v1/companies/{company}", headers=api.staff)
    assert read.json()["credit_limit"] == LIMIT
    for limit in (OTHER, OTHER, None):
        changed = await change(api, company, credit_limit=limit)
        assert (changed.status_code, changed.json()["credit_limit"]) == (200, limit)
    assert (await change(api, company, phone="+31 20 1")).json()["credit_limit"] is None
    states = await published(api, CompanyState)
    said = [one.credit_limit and one.credit_limit.model_dump(mode="json") for one in states]
    assert said == [LIMIT, OTHER, None, None], "what is as it was is not told again"
    fields = [one.fields for one in await published(api, CompanyChanged)]
    assert fields == [("credit_limit",), ("credit_limit",), ("phone",)]


async def test_none_is_set_where_nothing_is_said_and_nothing_is_an_amount_too(api: Api) -> None:
    for said, limit in (({}, None), ({"credit_limit": None}, None), ({"credit_limit": {**LIMIT, "amount": "0"}}, "0")):
        company = (await create(api, **said)).json()["company_id"]
        kept = (await api.http.get(f"/v1/companies/{company}", headers=api.staff)).json()["credit_limit"]
        assert (kept and kept["amount"]) == limit


@pytest.mark.parametrize(
    "limit",
    [
        {**LIMIT, "amount": "-0.01"},
        {**LIMIT, "amount": "Infinity"},
        {**LIMIT, "amount": "1.0000001"},
        {**LIMIT, "amount": "9" * 40},
        {**LIMIT, "currency": "EURO"},
        {"amount": "1"},
        {},
        "5000 EUR",
    ],
)
async def test_what_is_no_limit_is_refused_at_creation_and_change(api: Api, limit: Any) -> None:
    company = (await create(api, credit_limit=LIMIT)).json()["company_id"]
    for answer in (await create(api, credit_limit=limit), await change(api, company, credit_limit=limit)):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"].startswith("/credit_limit")
    kept = await api.http.get(f"/v1/companies/{company}", headers=api.staff)
    assert kept.json()["credit_limit"] == LIMIT


async def test_of_two_who_change_it_at_once_one_is_told_that_his_version_is_old(api: Api) -> None:
    company = (await create(api, credit_limit=LIMIT)).json()["company_id"]
    version = (await api.http.get(f"/v1/companies/{company}", headers=api.staff)).headers["ETag"]
    both = await asyncio.gather(*(change(api, company, version, credit_limit=one) for one in (OTHER, None)))
    assert sorted(one.status_code for one in both) == [200, 412]
    (kept,) = [one.json()["credit_limit"] for one in both if one.status_code == 200]
    assert (await api.http.get(f"/v1/companies/{company}", headers=api.staff)).json()["credit_limit"] == kept
