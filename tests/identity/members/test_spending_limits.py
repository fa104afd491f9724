"""ID-14, ID-16: what a member may order for; orders enforces it."""

from typing import Any

import pytest

from tests.identity.conftest import Api

COMPANY = {
    "legal_name": "Bakkerij",
    "country": "NL",
    "language": "nl",
    "storefront": "main",
    "vat_number": "NL123456782B90",
}
MEMBER = {"name": "Bram", "email": "bram@example.com", "language": "nl", "role": "administrator"}
NEGATIVE = {"amount": "-0.01", "currency": "EUR"}


@pytest.mark.parametrize("name", ["limit_per_order", "limit_per_month"])
async def test_a_limit_below_nothing_is_refused_and_one_of_nothing_kept(api: Api, name: str) -> None:
    company = (await api.http.post("/v1/companies", json=COMPANY, headers=api.staff)).json()["company_id"]
    path = f"/v1/companies/{company}/members"
    refused = await api.http.post(path, json={**MEMBER, name: NEGATIVE}, headers=api.staff)
    assert _refusal(refused) == (422, f"/{name}")
    added = await api.http.post(path, json={**MEMBER, name: {**NEGATIVE, "amount": "0"}}, headers=api.staff)
    assert added.status_code == 201, added.text
    member = f"/v1/members/{added.json()['member_id']}"
    changed = await api.http.patch(member, json={name: NEGATIVE}, headers={**api.staff, "If-Match": "*"})
    assert _refusal(changed) == (422, f"/{name}")
    (kept,) = (await api.http.get(path, headers=api.staff)).json()["items"]
    assert kept[name]["amount"] == "0"


def _refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["pointer"]
