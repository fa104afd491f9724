"""ID-20: a sales representative comes to his own companies, and to what belongs to them, alone."""

import pytest

from chassis import clock
from contracts.identity.events import CompanyOrigin
from contracts.identity.values import StaffPermission
from contracts.shared.values import Language
from identity.invitations.inviting import Invitee, InvitePeople, invite_people
from identity.locations.commands import OpenLocation, open_location
from identity.members.grants import MemberTerms
from identity.staff.commands import StaffTerms
from tests.identity.people import AT, a_company, a_member, some_groups

MAY = set(StaffPermission) - {StaffPermission.SEE_ALL_COMPANIES}
ADDRESS = {"line1": "Kade 1", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"}


class Firm:
    """A company with a member, an invitation, a location and an application."""

    def __init__(self, api, email: str, representative: str | None) -> None:
        self.api, self.email, self.representative = api, email, representative

    async def found(self) -> "Firm":
        async with self.api.database.transaction() as session:
            self.company = await a_company(session)
            self.company.change({"sales_representative": self.representative})
            self.member = await a_member(session, self.company, self.email)
            terms = MemberTerms("user")
            invitee = Invitee("Noor", f"new-{self.email}", Language.DUTCH)
            command = InvitePeople(self.company.id, [invitee], terms, first_administrator=False, invited_by=None)
            (outcome,) = await invite_people(session, command, clock.now())
            self.invitation_id = outcome.invitation_id
            self.location = await open_location(session, OpenLocation(self.company.id, "depot", "Depot", ADDRESS), AT)
        return self

    def paths(self) -> list[tuple[str, str]]:
        """What is read and changed of it, by where it is."""
        company, contact = f"companies/{self.company.id}", f"contacts/{self.member.contact_id}"
        return [
            ("GET", company),
            ("PATCH", company),
            ("GET", f"{company}/status"),
            ("POST", f"{company}/suspend"),
            ("POST", f"{company}/reactivate"),
            ("GET", f"{company}/members"),
            ("POST", f"{company}/members"),
            ("GET", f"{company}/invitations"),
            ("POST", f"{company}/invitations"),
            ("GET", f"{company}/locations"),
            ("POST", f"{company}/locations"),
            ("PATCH", f"members/{self.member.id}"),
            ("DELETE", f"members/{self.member.id}/sessions"),
            ("POST", f"invitations/{self.invitation_id}/resend"),
            ("POST", f"invitations/{self.invitation_id}/revoke"),
            ("POST", f"locations/{self.location.id}/close"),
            ("GET", contact),
            ("PATCH", contact),
            ("GET", f"{contact}/personal-data"),
            ("DELETE", f"{contact}/sessions"),
        ]


@pytest.fixture
async def his(api) -> Firm:
    return await Firm(api, "ada@his.example", "joost").found()


@pytest.fixture
async def foreign(api) -> Firm:
    return await Firm(api, "eva@foreign.example", "marit").found()


@pytest.fixture
async def joost(api) -> dict[str, str]:
    return (await api.colleague("Joost", StaffTerms("representative", MAY, representative="joost")))[1]


async def call(api, who, method: str, path: str):
    return await api.http.request(method, f"/v1/{path}", json={}, headers={**who, "If-Match": "*"})


async def test_what_is_of_another_company_does_not_exist_for_him(api, joost, his, foreign):
    nobodys = await Firm(api, "kim@nobodys.example", None).found()
    for firm in (foreign, nobodys):
        for method, path in firm.paths():
            answer = await call(api, joost, method, path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), path
    for method, path in his.paths():
        assert (await call(api, joost, method, path)).status_code in (200, 204, 422), path


async def test_lists_and_files_hold_his_companies_alone(api, joost, his, foreign):
    def ids(answer):
        return {one["id"] for one in answer.json()["items"]}

    assert ids(await call(api, joost, "GET", "companies")) == {str(his.company.id)}
    contacts = await call(api, joost, "GET", "contacts")
    assert {one["company_id"] for one in contacts.json()["items"]} == {str(his.company.id)}
    by_company = await call(api, joost, "GET", f"contacts?company_id={foreign.company.id}")
    assert by_company.json()["items"] == []
    for kind in ("companies", "contacts", "members"):
        file = (await call(api, joost, "GET", f"exports/{kind}")).text
        assert his.company.number in file
        assert foreign.company.number not in file
    of_foreign = await call(api, joost, "GET", f"exports/members?company_id={foreign.company.id}")
    assert foreign.email not in of_foreign.text


async def test_applications_and_their_duplicates_are_those_of_his_companies(api, joost, his, foreign):
    """The other company has the same VAT number; only who sees all companies is told."""
    applied = await apply(api, "B.V. Anders")
    async with api.database.transaction() as session:
        company = await session.get_one(type(his.company), foreign.company.id)
        company.change({"vat_number": "NL123456782B90"})
    listed = (await call(api, joost, "GET", "applications")).json()["items"]
    assert listed == []
    path = f"applications/{applied['application_id']}"
    assert (await call(api, joost, "GET", path)).status_code == 404
    change = {"sales_representative": "joost"}
    headers = {**api.staff, "If-Match": "*"}
    await api.http.patch(f"/v1/companies/{applied['company_id']}", json=change, headers=headers)
    assert (await call(api, joost, "GET", path)).json()["duplicates"] == []
    seen = (await call(api, api.staff, "GET", path)).json()["duplicates"]
    assert [one["company_id"] for one in seen] == [str(foreign.company.id)]


async def apply(api, name: str):
    company = {"legal_name": name, "country": "NL", "vat_number": "NL123456782B90"}
    applicant = {"name": "Iris Bakker", "email": "iris@example.com"}
    body = {"storefront": "main", "language": "nl", "company": company, "applicant": applicant}
    return (await api.http.post("/v1/applications", json=body)).json()


async def test_a_company_that_he_creates_is_his_and_a_contact_is_of_one_of_his(api, joost, foreign):
    async with api.database.transaction() as session:
        await some_groups(session, "trade")
    body = {
        "legal_name": "Bakkerij Smit B.V.",
        "country": "NL",
        "vat_number": "NL123456782B90",
        "language": "nl",
        "storefront": "main",
        "sales_representative": "marit",
    }
    created = await api.http.post("/v1/companies", json=body, headers=joost)
    company = (await call(api, api.staff, "GET", f"companies/{created.json()['company_id']}")).json()
    assert (company["sales_representative"], company["origin"]) == ("joost", CompanyOrigin.CREATED_BY_MERCHANT)
    person = {"name": "Eva", "email": "eva@example.com", "language": "nl", "groups": ["trade"]}
    for of in ({}, {"company_id": str(foreign.company.id)}):
        refused = await api.http.post("/v1/contacts", json={**person, **of}, headers=joost)
        assert refused.status_code == 404
    his_own = {**person, "company_id": company["id"]}
    assert (await api.http.post("/v1/contacts", json=his_own, headers=joost)).status_code == 201


async def test_who_has_neither_a_code_nor_sees_all_companies_sees_none(api, his):
    """Nor those that have no representative."""
    await Firm(api, "kim@nobodys.example", None).found()
    _, clerk = await api.colleague("Noor", StaffTerms("representative", MAY))
    assert (await call(api, clerk, "GET", "companies")).json()["items"] == []
    assert (await call(api, clerk, "GET", f"companies/{his.company.id}")).status_code == 404
    body = {"legal_name": "Bakkerij Smit B.V.", "country": "NL", "language": "nl", "storefront": "main"}
    refused = await api.http.post("/v1/companies", json=body, headers=clerk)
    assert (refused.status_code, refused.json()["code"]) == (403, "representative-without-code")


async def test_a_company_that_is_given_to_another_is_gone_at_once(api, joost, his):
    path = f"companies/{his.company.id}"
    assert (await call(api, joost, "GET", path)).status_code == 200
    body = {"sales_representative": "marit"}
    await api.http.patch(f"/v1/{path}", json=body, headers={**api.staff, "If-Match": "*"})
    assert (await call(api, joost, "GET", path)).status_code == 404


async def test_a_member_that_is_named_by_another_companys_path_is_not_found(api, joost, his, foreign):
    for path in (f"members/{foreign.member.id}", "members/nonsense", "companies/nonsense", "contacts/%27--"):
        assert (await call(api, joost, "GET" if "members" not in path else "PATCH", path)).status_code == 404, path
