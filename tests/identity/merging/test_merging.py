"""ID-26: a duplicate becomes the company that it is a duplicate of, with its people and its history."""

import asyncio
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select, text

from chassis.ids import new_id
from contracts.identity.activities import InvitationStatus
from contracts.identity.events import CompanyMerged
from contracts.identity.values import CustomerStatus
from contracts.shared.values import Money
from identity.companies.commands import SuspendCompany, lock_company, suspend_company
from identity.companies.models import Company
from identity.companies.naming import NamedCompanies
from identity.companies.status import ApplicationOutcome
from identity.contacts.models import Contact
from identity.invitations.commands import ChangeInvitation, expire_invitation
from identity.members.commands import AddMember, add_member
from identity.members.grants import MemberTerms, granted
from identity.members.models import Member
from identity.roles.policies import BuiltIn
from identity.sign_in.models import EndedBecause, SignInMeans, SignInSession, SubjectKind
from identity.sign_in.rules import read_rules
from identity.sign_in.signing_in import refusal_now
from tests.identity.people import AT, PASSWORD, a_company, a_member, some_groups

ADDRESS = {"line1": "Kade 1", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"}


class Two:
    """A company and its duplicate, each with an administrator."""

    def __init__(self, api) -> None:
        self.api = api

    async def begin(self, **duplicate) -> "Two":
        async with self.api.database.transaction() as session:
            await some_groups(session, "trade")
            kept = await a_company(session)
            self.kept, self.owner = kept.id, await a_member(session, kept, "owner@kept.example")
            twin = await a_company(session, **duplicate)
            self.twin, self.ada = twin.id, await a_member(session, twin, "ada@twin.example")
            self.kept_number, self.twin_number = kept.number, twin.number
        return self

    async def merge(self, company=None, into=None, price_lists="leave", headers=None):
        body = {"into": str(into or self.kept), "price_lists": price_lists}
        path = f"/v1/companies/{company or self.twin}/merge"
        return await self.api.http.post(path, json=body, headers=headers or self.api.staff)

    async def preview(self, company=None, into=None):
        path = f"/v1/companies/{company or self.twin}/merge?into={into or self.kept}"
        return await self.api.http.get(path, headers=self.api.staff)

    async def company(self, company_id=None):
        return (await self.api.http.get(f"/v1/companies/{company_id or self.kept}", headers=self.api.staff)).json()

    async def change(self, company_id, **values):
        async with self.api.database.transaction() as session:
            company = await session.get(Company, company_id)
            for name, value in values.items():
                setattr(company, name, value)

    async def members(self) -> dict[UUID, tuple[UUID, bool]]:
        async with self.api.database.reading() as connection:
            rows = await connection.execute(select(Member.id, Member.company_id, Member.active))
            return {row.id: (row.company_id, row.active) for row in rows}

    async def mailed(self) -> list[set[UUID]]:
        """Whom each event about the twin's merger names."""
        query = text("SELECT value FROM outbox WHERE key = :key AND type = :type ORDER BY sequence")
        async with self.api.database.reading() as connection:
            rows = await connection.scalars(query, {"key": str(self.twin), "type": CompanyMerged.type})
            return [set(CompanyMerged.model_validate_json(row).administrators) for row in rows]

    async def told(self, key) -> list[str]:
        """The types of the events of one aggregate, in their order, without states."""
        async with self.api.database.reading() as connection:
            rows = await connection.execute(
                text("SELECT type FROM outbox WHERE key = :key AND type NOT LIKE '%.state.%' ORDER BY sequence"),
                {"key": str(key)},
            )
            return [row.type.split(".", 2)[2] for row in rows]


def refusal(answer) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


@pytest.fixture
async def two(api) -> Two:
    return await Two(api).begin()


async def test_its_members_are_members_of_the_other_and_sign_in_again(two, api):
    async with api.database.transaction() as session:
        for member, company in ((two.ada, two.twin), (two.owner, two.kept)):
            session.add(a_session(member, company))
    token = await api.member(two.ada)
    assert (await two.merge()).status_code == 200
    assert await two.members() == {two.owner.id: (two.kept, True), two.ada.id: (two.kept, True)}
    assert await two.told(two.ada.id) == ["member.added.v1", "member.moved.v1"]
    assert refusal(await api.http.get("/v1/me", headers=token)) == (403, "member-inactive")
    async with api.database.reading() as connection:
        ended = await connection.execute(select(SignInSession.company_id, SignInSession.ended_because))
        assert {row.company_id: row.ended_because for row in ended} == {two.twin: EndedBecause.REVOKED, two.kept: None}
    async with api.database.transaction() as session:
        ada = await session.get_one(Member, two.ada.id)
        session.expunge(ada)
    me = (await api.http.get("/v1/me", headers=await api.member(ada))).json()
    assert (me["company"]["number"], me["member"]["role"]) == (two.kept_number, "administrator")


def a_session(member: Member, company_id: UUID) -> SignInSession:
    return SignInSession(
        id=new_id(),
        kind=SubjectKind.MEMBER,
        subject_id=member.contact_id,
        member_id=member.id,
        company_id=company_id,
        means=SignInMeans.PASSWORD,
        opened_at=AT,
        last_used_at=AT,
        expires_at=AT,
    )


async def test_who_signs_in_for_the_merged_company_is_in_the_one_that_it_is_now(two, api):
    await two.merge()
    body = {"kind": "member", "email": "ada@twin.example", "password": PASSWORD, "company_id": str(two.twin)}
    answer = await api.http.post("/v1/sessions", json=body)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["company_id"], answer.json()["member_id"]) == (str(two.kept), str(two.ada.id))


async def test_a_session_that_was_opened_at_the_moment_of_the_merge_is_not_renewed(two, api):
    """Its tokens would name a company that is none any more; signing in again is what helps."""
    await two.merge()
    async with api.database.transaction() as session:
        rules = await read_rules(session)
        refused = await refusal_now(session, rules, a_session(two.ada, two.twin), AT)
        assert refused is not None
        assert refused.code == "member-inactive"
        assert await refusal_now(session, rules, a_session(two.ada, two.kept), AT) is None


async def test_who_is_a_member_of_both_keeps_what_he_is_in_the_one_that_remains(two, api):
    async with api.database.transaction() as session:
        kept = await lock_company(session, two.kept)
        grant = await granted(session, kept.id, MemberTerms(BuiltIn.USER))
        there = await add_member(session, AddMember(kept.id, two.ada.contact_id, grant), AT)
    fates = {one["member_id"]: one["fate"] for one in (await two.preview()).json()["members"]}
    assert fates == {str(two.ada.id): "is_member_already"}
    await two.merge()
    members = await two.members()
    assert members[two.ada.id] == (two.kept, False), "the second membership ends, and goes along"
    assert members[there.id] == (two.kept, True)
    async with api.database.reading() as connection:
        assert await connection.scalar(select(Member.administers).where(Member.id == there.id)) is False


async def test_who_could_not_sign_in_before_is_given_no_access_by_a_merge(api):
    """A rejected applicant is not let in through the company that he claimed to be."""
    two = await Two(api).begin(accepted=False)
    await two.change(two.twin, application_outcome=ApplicationOutcome.REJECTED, status=CustomerStatus.REJECTED)
    assert [one["fate"] for one in (await two.preview()).json()["members"]] == ["never_had_access"]
    assert (await two.merge()).status_code == 200
    assert (await two.members())[two.ada.id] == (two.kept, False)
    async with api.database.reading() as connection:
        where = Contact.id == two.ada.contact_id
        assert await connection.scalar(select(Contact.company_id).where(where)) == two.kept


async def test_who_administered_it_is_told_and_nobody_else(two, api):
    """Also who is a member of the other already; neither an employee nor whose membership was removed."""
    async with api.database.transaction() as session:
        twin, kept = await session.get_one(Company, two.twin), await session.get_one(Company, two.kept)
        both = await a_member(session, kept, "both@kept.example")
        grant = await granted(session, twin.id, MemberTerms(BuiltIn.ADMINISTRATOR))
        await add_member(session, AddMember(twin.id, both.contact_id, grant), AT)
        await a_member(session, twin, "bo@twin.example", BuiltIn.EMPLOYEE)
        gone = await a_member(session, twin, "gone@twin.example")
        gone.remove(at=AT)
    await two.merge()
    assert await two.mailed() == [{two.ada.contact_id, both.contact_id}]


async def test_nobody_is_told_who_could_not_sign_in_or_when_the_other_is_merged_later(api):
    two = await Two(api).begin(accepted=False)
    await two.merge()
    assert await two.mailed() == [set()]
    async with api.database.transaction() as session:
        third = (await a_company(session)).id
    await two.merge(two.kept, third)
    assert await two.mailed() == [set(), set()], "it only follows"


async def test_contacts_locations_and_projects_go_along_and_open_invitations_end(two, api):
    for company, codes in ((two.kept, ["depot"]), (two.twin, ["depot", "north"])):
        for code in codes:
            for path, more in (("locations", {"address": ADDRESS}), ("projects", {})):
                body = {"code": code, "name": code, **more}
                answer = await api.http.post(f"/v1/companies/{company}/{path}", json=body, headers=api.staff)
                assert answer.status_code == 201, answer.text
    invited = await api.invite(two.twin, "noor@twin.example", api.staff, role="user")
    invitation_id = invited.json()["outcomes"][0]["invitation_id"]
    seen = (await two.preview()).json()
    for moves in (seen["locations"], seen["projects"]):
        assert [(one["code"], one["code_there"]) for one in moves] == [("depot", "depot-2"), ("north", "north")]
    assert (seen["contacts"], seen["invitations_revoked"], seen["hindrances"]) == (2, 1, [])
    await two.merge()
    for path in ("locations", "projects"):
        there = (await api.http.get(f"/v1/companies/{two.kept}/{path}", headers=api.staff)).json()["items"]
        assert sorted(one["code"] for one in there) == ["depot", "depot-2", "north"]
    contacts = (await api.http.get(f"/v1/contacts?company_id={two.kept}", headers=api.staff)).json()["items"]
    assert {one["email"] for one in contacts} == {"owner@kept.example", "ada@twin.example", "noor@twin.example"}
    assert (await two.told(invitation_id))[-1] == "invitation.revoked.v1"
    again = await api.invite(two.kept, "noor@twin.example", api.staff, role="user")
    assert again.json()["outcomes"][0]["outcome"] == "invited", "and who is still wanted is invited into the other"


async def test_what_a_process_of_it_still_asks_is_answered_with_what_stands(two, api):
    """A timer that fires a moment after the merge finds its invitation revoked; it is not stuck on the company."""
    invited = await api.invite(two.twin, "noor@twin.example", api.staff, role="user")
    invitation_id = UUID(invited.json()["outcomes"][0]["invitation_id"])
    await two.merge()
    async with api.database.transaction() as session:
        found = await expire_invitation(session, ChangeInvitation(invitation_id), 1, AT)
        assert found.status is InvitationStatus.REVOKED


async def test_a_merged_company_may_nothing_and_changes_no_more(two, api):
    await two.merge()
    merged = await two.company(two.twin)
    assert (merged["status"], merged["merged_into"]) == ("merged", str(two.kept))
    explained = (await api.http.get(f"/v1/companies/{two.twin}/status", headers=api.staff)).json()
    assert (explained["allowed"], explained["what_next"]) == ([], {})
    any_version = {**api.staff, "If-Match": "*"}
    for method, path, body in (
        ("PATCH", "", {"legal_name": "Other"}),
        ("POST", "/suspend", {"reason": "x"}),
        ("POST", "/reactivate", None),
        ("POST", "/locations", {"code": "x", "name": "X", "address": ADDRESS}),
        ("POST", "/projects", {"code": "x", "name": "X"}),
        (
            "POST",
            "/invitations",
            {"invitees": [{"name": "N", "email": "n@x.example", "language": "nl"}], "role": "user"},
        ),
    ):
        url = f"/v1/companies/{two.twin}{path}"
        answer = await api.http.request(method, url, json=body, headers=any_version)
        assert refusal(answer) == (409, "customer-merged"), path
        assert answer.json()["merged_into"] == str(two.kept)
    body = {"name": "N", "email": "n@x.example", "language": "nl", "groups": ["trade"], "company_id": str(two.twin)}
    answer = await api.http.post("/v1/contacts", json=body, headers=api.staff)
    assert refusal(answer) == (409, "customer-merged")


async def test_no_policy_lets_a_merged_company_do_anything(api):
    read = await api.http.get("/v1/policies/status-table", headers=api.staff)
    allowed = {**read.json()["allowed"], "merged": ["log_in"]}
    headers = {**api.staff, "If-Match": read.headers["ETag"]}
    answer = await api.http.put("/v1/policies/status-table", json={"allowed": allowed}, headers=headers)
    assert answer.status_code == 422


async def test_its_number_and_keys_mean_the_other_company(two, api):
    await two.change(two.kept, external_keys={"erp": "1000"})
    await two.change(two.twin, external_keys={"erp": "2000", "crm": "x"})
    seen = (await two.preview()).json()
    assert seen["external_key_conflicts"] == [{"system": "erp", "kept": "1000", "given_up": "2000"}]
    await two.merge()
    kept = await two.company()
    assert kept["former_numbers"] == [two.twin_number]
    assert kept["external_keys"] == {"erp": "1000", "crm": "x"}
    async with api.database.transaction() as session:
        named = await NamedCompanies.of(session, [two.twin_number], [{"erp": "2000"}, {"crm": "x"}], lock=True)
        found = [named.by_number[two.twin_number], *(named.by_key[key] for key in (("erp", "2000"), ("crm", "x")))]
        assert {one.id for one in found} == {two.kept}
    taken = await api.http.patch(
        f"/v1/companies/{two.kept}", json={"number": two.twin_number}, headers={**api.staff, "If-Match": "*"}
    )
    assert refusal(taken) == (409, "customer-number-taken"), "it is never given to anybody again"


async def test_an_export_leaves_it_out_so_that_no_file_read_back_overwrites_the_other(two, api):
    await two.merge()
    exported = (await api.http.get("/v1/exports/companies?format=csv", headers=api.staff)).text
    assert two.kept_number in exported
    assert two.twin_number not in exported


async def test_a_merge_is_repeated_without_effect(two, api):
    first = await two.merge(price_lists="move")
    told = await two.told(two.twin), await two.told(two.kept), await two.told(two.ada.id)
    again = await two.merge(price_lists="leave")
    assert first.json() == again.json()
    assert (await two.told(two.twin), await two.told(two.kept), await two.told(two.ada.id)) == told
    assert told[0][-2:] == ["company.status_changed.v1", "company.merged.v1"]
    assert told[1][-1] == "company.changed.v1", "the activity log shows it for both"


async def test_who_was_merged_before_follows(two, api):
    """`merged_into` never names a company that is merged itself, so one step leads everybody to the right one."""
    async with api.database.transaction() as session:
        third = await a_company(session)
        third_id, third_number = third.id, third.number
    await two.merge(third_id, two.twin)
    await two.merge()
    assert (await two.company(third_id))["merged_into"] == str(two.kept)
    assert set((await two.company())["former_numbers"]) == {two.twin_number, third_number}
    assert (await two.told(third_id))[-1] == "company.merged.v1"


async def test_the_conditions_of_the_company_that_remains_stand_and_the_preview_names_those_that_differ(two):
    limit = Money(amount=Decimal("5000.00"), currency="EUR")
    await two.change(two.twin, credit_limit=limit, invoice_days=30)
    await two.change(two.kept, credit_limit=Money(amount=Decimal("5000"), currency="EUR"))
    differing = (await two.preview()).json()["differing_fields"]
    assert "invoice_days" in differing
    assert "credit_limit" not in differing, "the same amount, written otherwise"
    await two.change(two.kept, credit_limit=None)
    assert "credit_limit" in (await two.preview()).json()["differing_fields"]
    assert (await two.merge()).status_code == 200
    assert (await two.company())["credit_limit"] is None


async def test_two_merges_at_once_leave_one_company(two, api):
    """A into B and B into A: one is done, the other refused; nobody waits for ever, nobody is lost."""
    answers = await asyncio.gather(two.merge(), two.merge(two.kept, two.twin))
    assert sorted(refusal(one) for one in answers) == [(200, ""), (409, "customer-merged")]
    homes = set((await two.members()).values())
    assert len(homes) == 1
    assert homes <= {(two.kept, True), (two.twin, True)}


async def test_a_member_added_at_the_same_moment_is_in_the_company_that_remains_or_refused(two, api):
    body = {"name": "Noor", "email": "noor@twin.example", "language": "nl", "role": "user"}
    path = f"/v1/companies/{two.twin}/members"
    added, merged = await asyncio.gather(api.http.post(path, json=body, headers=api.staff), two.merge())
    assert merged.status_code == 200
    assert refusal(added) in ((201, ""), (409, "customer-merged"))
    assert {home for home, _ in (await two.members()).values()} == {two.kept}


@pytest.mark.parametrize(
    ("side", "values", "code"),
    [
        ("twin", {"test": True}, "merged-test-and-real"),
        ("twin", {"status": CustomerStatus.PENDING_APPROVAL}, "customer-pending-approval"),
        ("kept", {"status": CustomerStatus.PENDING_APPROVAL}, "customer-pending-approval"),
        ("kept", {"status": CustomerStatus.REJECTED}, "customer-rejected"),
        ("kept", {"with_account_access": False}, "company-without-account-access"),
        ("kept", {"accepted_at": None, "status": CustomerStatus.REGISTERED}, "customer-not-enabled"),
    ],
)
async def test_what_refuses_a_merge_is_seen_in_the_preview_and_said_when_it_is_tried(two, side, values, code):
    await two.change(getattr(two, side), **values)
    assert (await two.preview()).json()["hindrances"] == [code]
    assert refusal(await two.merge()) == (409, code)
    assert (await two.members())[two.ada.id] == (two.twin, True), "nothing was moved"


async def test_a_suspended_company_is_not_merged_and_nothing_into_it(two, api):
    async with api.database.transaction() as session:
        await suspend_company(session, SuspendCompany(two.twin, "does not pay"), AT)
    assert refusal(await two.merge()) == (409, "customer-disabled")
    assert refusal(await two.merge(two.kept, two.twin)) == (409, "customer-disabled")


async def test_a_merge_into_itself_nothing_or_what_is_unknown_is_refused(two, api):
    itself = await two.merge(two.twin, two.twin)
    assert refusal(itself) == (422, "merged-into-itself")
    assert itself.json()["errors"][0]["pointer"] == "/into"
    assert (await two.preview(two.twin, two.twin)).json()["hindrances"] == ["merged-into-itself"]
    assert refusal(await two.merge(two.twin, new_id())) == (422, "merge-target-unknown")
    assert refusal(await two.merge(new_id())) == (404, "not-found")
    assert refusal(await two.merge(price_lists="burn"))[0] == 422
    assert refusal(await two.preview(new_id())) == (404, "not-found")
    assert refusal(await two.merge(headers=await api.member(two.owner))) == (403, "staff-only")
