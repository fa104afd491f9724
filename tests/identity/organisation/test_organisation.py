"""ID-25: the merchant's own data, as printed on its invoices, over HTTP on real PostgreSQL."""

import pytest

from tests.identity.people import a_company, a_member

PATH = "/v1/policies/organisation"
ADDRESS = {"line1": "Havenkade 1", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"}
DATA = {
    "legal_name": "Zuiderhof Groothandel B.V.",
    "address": ADDRESS,
    "vat_number": "NL123456782B90",
    "registration_number": "12345678",
    "email": "Accounts@zuiderhof.example",
    "website": "https://zuiderhof.example/",
    "iban": "NL91 ABNA 0417 1643 00",
    "bic": "ABNANL2A",
}


async def put(api, document, version):
    return await api.http.put(PATH, json=document, headers={**api.staff, "If-Match": f'"{version}"'})


async def test_staff_change_it_and_every_member_reads_it(api):
    async with api.database.transaction() as session:
        member = await a_member(session, await a_company(session), "ada@example.com")
    assert (await put(api, DATA, 0)).status_code == 200
    told = (await api.http.get("/v1/organisation", headers=await api.member(member))).json()
    assert {name: told[name] for name in ("legal_name", "vat_number", "bic")} == {
        name: DATA[name] for name in ("legal_name", "vat_number", "bic")
    }
    assert (told["iban"], told["email"]) == ("NL91ABNA0417164300", "accounts@zuiderhof.example")
    assert (await api.http.get("/v1/organisation")).status_code == 401
    refused = await api.http.put(PATH, json=DATA, headers={**await api.member(member), "If-Match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (403, "staff-only")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"iban": "NL91 ABNA 0417 1643 01"}, "/iban"),
        ({"bic": "ABNA"}, "/bic"),
        ({"vat_number": "NL123456783B90"}, "/vat_number"),
        ({"registration_number": "1234567"}, "/registration_number"),
        ({"website": "javascript:alert(1)"}, "/website"),
        ({"legal_name": "two\nlines"}, "/legal_name"),
    ],
)
async def test_what_can_not_be_right_is_refused_and_changes_nothing(api, wrong, pointer):
    answer = await put(api, {**DATA, **wrong}, 0)
    assert answer.status_code == 422
    assert [problem["pointer"] for problem in answer.json()["errors"]] == [pointer]
    assert (await api.http.get("/v1/organisation", headers=api.staff)).json()["legal_name"] is None


async def test_every_version_of_a_policy_can_be_read_again(api):
    """What an old invoice named is still known, and who changed it when."""
    for version, name in enumerate(("First", "Second", "Third")):
        assert (await put(api, {**DATA, "legal_name": name}, version)).status_code == 200
    first = (await api.http.get(f"{PATH}/history", params={"limit": 2}, headers=api.staff)).json()
    assert [(one["version"], one["document"]["legal_name"]) for one in first["items"]] == [(3, "Third"), (2, "Second")]
    assert first["items"][0]["changed_by"].startswith("staff:")
    rest = await api.http.get(f"{PATH}/history", params={"cursor": first["next"]}, headers=api.staff)
    assert [one["document"]["legal_name"] for one in rest.json()["items"]] == ["First"]
    hostile = await api.http.get(f"{PATH}/history", params={"cursor": "WyJ4Il0"}, headers=api.staff)
    assert (hostile.status_code, hostile.json()["code"]) == (422, "cursor-invalid")
    assert (await api.http.get(f"{PATH}/history")).status_code == 401
