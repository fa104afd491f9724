"""Applications on real PostgreSQL: what one transaction leaves behind, and what two at a time do to each other."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from chassis.database import Database
from chassis.errors import Conflict, Forbidden, Invalid, NotFound
from chassis.policies import Policy, set_policy
from contracts.identity.activities import ApplicationStatus, Verdict
from contracts.identity.process_events import WithdrawnBecause
from contracts.identity.states import ContactKind
from contracts.identity.values import (
    AfterApproval,
    CustomerStatus,
    LinkPurpose,
    RegistrationMode,
    RejectionReason,
)
from contracts.shared.links import LinkKeys
from contracts.shared.values import Language
from identity.applications import approving, commands
from identity.applications.commands import SubmitApplication
from identity.applications.models import Application
from identity.applications.queries import expected_approvals, open_question
from identity.companies.commands import Conditions
from identity.companies.models import Company
from identity.companies.numbers import CompanyRecord
from identity.contacts.commands import CreateContact
from identity.contacts.models import Contact
from identity.groups.commands import ChangeGroup, change_group, remove_group
from identity.invitations.models import Invitation
from identity.members.models import Member
from identity.policies import RegistrationPolicy
from identity.roles.policies import BuiltIn
from identity.sign_in.passwords import PasswordHash
from tests.conftest import NewDatabase
from tests.identity.people import some_groups

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
VAT = "NL004495445B01"
HASH = PasswordHash("$argon2id$not-a-real-one")


@pytest.fixture
async def database(new_database: NewDatabase) -> Database:
    database = await new_database("identity")
    async with database.transaction() as session:
        await some_groups(session, "bakeries")
    return database


async def follow(database: Database, policy: Policy, storefront: str = "nl") -> None:
    async with database.transaction() as session:
        await set_policy(session, policy, scope=storefront, expected=0, at=AT)


async def submit(
    database: Database, email: str = "jan@bakkerij.nl", *, vat: str = VAT, password: PasswordHash | None = None
) -> Application:
    record = CompanyRecord("Bakkerij Jansen B.V.", "NL", Language.DUTCH, vat_number=vat)
    applicant = CreateContact("Jan de Vries", email, Language.DUTCH)
    async with database.transaction() as session:
        return await commands.submit_application(session, SubmitApplication("nl", record, applicant, password), AT)


async def request(database: Database, application: Application, number: str | None = None) -> Application:
    conditions = Conditions(customer_number=number, groups=("bakeries",), pays_by_invoice=True, invoice_days=30)
    async with database.transaction() as session:
        command = commands.RequestApproval(application.id, conditions, "b2b", "staff:1")
        return await commands.request_approval(session, command, AT)


async def approve(database: Database, application: Application, decision: int = 1) -> Application:
    async with database.transaction() as session:
        return await approving.approve_application(session, application.id, decision, AT)


async def company_of(database: Database, application: Application) -> Company:
    async with database.transaction() as session:
        return (await session.scalars(select(Company).where(Company.id == application.company_id))).one()


async def types(database: Database) -> list[str]:
    """Of what was published, without states and the groups that were there, in the order of publication."""
    async with database.reading() as connection:
        found = await connection.scalars(
            text("SELECT type FROM outbox WHERE type !~ '[.](state|group)[.]' ORDER BY id")
        )
        return [one.removeprefix("countersign.identity.").removesuffix(".v1") for one in found.all()]


async def test_company_contact_and_membership_exist_from_the_application_on_as_pending(database):
    application = await submit(database)
    company = await company_of(database, application)
    assert (company.status, company.number) == (CustomerStatus.PENDING_APPROVAL, "C-000001")
    async with database.transaction() as session:
        contact = (await session.scalars(select(Contact))).one()
        member = (await session.scalars(select(Member))).one()
    assert (contact.kind, contact.company_id, company.first_contact_id) == (ContactKind.GUEST, company.id, contact.id)
    assert (member.company_id, member.contact_id, member.role) == (company.id, contact.id, BuiltIn.ADMINISTRATOR)
    assert sorted(await types(database)) == [
        "application.submitted", "company.created", "company.status_changed", "contact.created", "member.added",
    ]  # fmt: skip


async def test_no_event_of_an_application_names_a_person_or_an_address(database):
    await submit(database)
    async with database.reading() as connection:
        found = await connection.scalars(
            text("SELECT convert_from(value, 'UTF8') FROM outbox WHERE topic <> 'countersign.identity.contact.state'")
        )
        bodies = " ".join(found.all())
    assert not any(word in bodies for word in ("Jan", "Jansen", "bakkerij.nl"))


async def test_where_registration_is_closed_nobody_applies_and_nothing_is_stored(database):
    await follow(database, RegistrationPolicy(mode=RegistrationMode.CLOSED))
    with pytest.raises(Forbidden, match="registration-closed"):
        await submit(database)
    assert await types(database) == []


async def test_an_address_of_the_merchants_own_is_refused(database):
    await follow(database, RegistrationPolicy(merchant_domains={"merchant.example"}))
    with pytest.raises(Invalid, match="email-of-merchant"):
        await submit(database, "anna@merchant.example")


async def test_a_password_is_chosen_where_policy_enables_and_only_there(database):
    with pytest.raises(Invalid, match="password-not-expected"):
        await submit(database, password=HASH)
    await follow(database, RegistrationPolicy(after_approval=AfterApproval.ENABLE))
    with pytest.raises(Invalid, match="password-required"):
        await submit(database)


async def test_an_approval_that_invites_makes_the_customer_registered_and_sends_the_invitation(database):
    application = await submit(database)
    await request(database, application, "K-1")
    approved = await approve(database, application)
    company = await company_of(database, application)
    assert approved.status is ApplicationStatus.APPROVED
    assert (company.status, company.number) == (CustomerStatus.REGISTERED, "K-1")
    assert (company.groups, company.pays_by_invoice, company.invoice_days) == (["bakeries"], True, 30)
    async with database.transaction() as session:
        invitation = (await session.scalars(select(Invitation))).one()
    assert (invitation.first_administrator, invitation.contact_id) == (True, application.contact_id)


async def test_an_approval_that_enables_registers_the_applicant_and_invites_nobody(database):
    await follow(database, RegistrationPolicy(after_approval=AfterApproval.ENABLE))
    application = await submit(database, password=HASH)
    await request(database, application)
    await approve(database, application)
    assert (await company_of(database, application)).status is CustomerStatus.ENABLED
    async with database.transaction() as session:
        contact = (await session.scalars(select(Contact))).one()
        assert (contact.kind, contact.verified_at) == (ContactKind.REGISTERED, None)
        assert (await session.scalars(select(Invitation))).all() == []


async def test_approving_twice_approves_once(database):
    application = await submit(database)
    await request(database, application)
    await approve(database, application)
    before = await types(database)
    assert (await approve(database, application)).status is ApplicationStatus.APPROVED
    assert await types(database) == before


async def test_a_customer_number_in_use_is_refused_with_a_proposal(database):
    first, second = await submit(database), await submit(database, "piet@slager.nl")
    await request(database, first, "K-1")
    await approve(database, first)
    with pytest.raises(Conflict) as refused:
        await request(database, second, "K-1")
    assert (refused.value.code, refused.value.facts) == ("customer-number-taken", {"proposal": "K-1-2"})


async def test_of_two_approvals_with_one_customer_number_the_later_returns_to_its_reviewer(database):
    first, second = await submit(database), await submit(database, "piet@slager.nl")
    await request(database, first, "K-1")
    await request(database, second, "K-1")
    both = await asyncio.gather(approve(database, first), approve(database, second))
    assert sorted(one.status for one in both) == [ApplicationStatus.APPROVED, ApplicationStatus.WAITING]
    assert [one.returned for one in both if one.status is ApplicationStatus.WAITING] == ["customer-number-taken"]
    returned = next(one for one in both if one.status is ApplicationStatus.WAITING)
    assert (await company_of(database, returned)).status is CustomerStatus.PENDING_APPROVAL


async def test_who_has_an_account_applies_as_himself_and_keeps_his_password(database):
    await follow(database, RegistrationPolicy(after_approval=AfterApproval.ENABLE))
    first = await submit(database, password=HASH)
    await request(database, first)
    await approve(database, first)
    second = await submit(database, "jan@bakkerij.nl", password=PasswordHash("another"))
    assert second.contact_id == first.contact_id
    async with database.reading() as connection:
        assert (await connection.scalars(text("SELECT password_hash FROM credentials"))).all() == [HASH]


async def test_the_same_address_waiting_twice_is_registered_once_and_the_other_returns(database):
    await follow(database, RegistrationPolicy(after_approval=AfterApproval.ENABLE))
    first, second = await submit(database, password=HASH), await submit(database, password=HASH)
    await request(database, first)
    await request(database, second)
    await approve(database, first)
    assert (await approve(database, second)).returned == "email-registered"


async def test_silence_withdraws_unless_the_deadline_moved_or_the_answer_came_first(database):
    application = await submit(database)
    async with database.transaction() as session:
        await commands.ask_question(session, commands.AskQuestion(application.id, "Shops?", "staff:1"), AT)
    due = AT + timedelta(days=14)

    async def silence(question: int, due_at: datetime) -> Application:
        async with database.transaction() as session:
            return await commands.withdraw_for_silence(session, application.id, question, due_at, due)

    assert (await silence(1, due - timedelta(days=1))).status is ApplicationStatus.ASKED, "it was extended meanwhile"
    assert (await silence(2, due)).status is ApplicationStatus.ASKED, "another question"
    assert (await silence(1, due)).status is ApplicationStatus.WITHDRAWN
    assert (await company_of(database, application)).status is CustomerStatus.NONE


async def test_a_rejection_is_the_companys_status(database):
    application = await submit(database)
    async with database.transaction() as session:
        command = commands.RejectApplication(application.id, RejectionReason.DUPLICATE, "known", "staff:1")
        await commands.reject_application(session, command, AT)
    assert (await company_of(database, application)).status is CustomerStatus.REJECTED


async def test_the_automatic_decision_is_taken_once_and_gives_what_the_storefront_gives(database):
    await follow(database, RegistrationPolicy(mode=RegistrationMode.AUTOMATIC, price_list="welcome"))
    application = await submit(database)

    async def decide() -> Application:
        command = commands.Decide(application.id, 1, Verdict.APPROVE, RejectionReason.OTHER, "process")
        async with database.transaction() as session:
            return await commands.decide(session, command, AT)

    first, again = await decide(), await decide()
    assert (first.status, first.price_list, first.decided_by) == (ApplicationStatus.APPROVING, "welcome", "process")
    assert again.sequence == first.sequence


async def test_every_open_application_is_expected_to_have_its_process(database):
    waiting, closed = await submit(database), await submit(database, "piet@slager.nl")
    async with database.transaction() as session:
        command = commands.RejectApplication(closed.id, RejectionReason.OTHER, None, "staff:1")
        await commands.reject_application(session, command, AT)
    async with database.transaction() as session:
        assert [one.id for one in await expected_approvals(session)] == [f"account-approval/{waiting.number}"]


async def test_a_link_opens_its_own_question_while_it_is_open_and_nothing_else(database):
    keys = LinkKeys(f"k1:{base64.urlsafe_b64encode(bytes(32)).decode()}")
    application = await submit(database)
    for question in (1, 2):
        async with database.transaction() as session:
            await commands.ask_question(session, commands.AskQuestion(application.id, "Shops?", "staff:1"), AT)
        if question == 1:
            async with database.transaction() as session:
                await commands.answer_question(session, commands.AnswerQuestion(application.id, 1, "Three."), AT)

    def token(question: int, *, address: str = "jan@bakkerij.nl", purpose: LinkPurpose = LinkPurpose.ANSWER) -> str:
        return keys.token(purpose, application.id, question, address)

    async with database.reading() as connection:
        found = await open_question(connection, keys, token(2))
        assert (found.number, found.question, found.text) == (application.number, 2, "Shops?")
        with pytest.raises(Conflict, match="question-answered"):
            await open_question(connection, keys, token(1))
        for forged in (
            token(2, address="piet@bakkerij.nl"),
            token(2, purpose=LinkPurpose.INVITATION),
            token(3),
            token(10**30),
            token(2)[:-1],
            "nonsense",
        ):
            with pytest.raises(NotFound):
                await open_question(connection, keys, forged)
    async with database.transaction() as session:
        await commands.withdraw_application(session, application.id, WithdrawnBecause.STAFF, AT)
    async with database.reading() as connection:
        with pytest.raises(Conflict, match="question-closed"):
            await open_question(connection, keys, token(2))


async def test_an_approval_gives_what_the_groups_have_by_default_where_the_reviewer_says_nothing(database):
    """ID-19, ID-09: by a reviewer and by policy."""
    await follow(database, RegistrationPolicy(groups=("bakeries",)))
    async with database.transaction() as session:
        values = {"pays_by_invoice": True, "invoice_days": 14, "sales_representative": "anna"}
        await change_group(session, ChangeGroup("bakeries", "*", values))
    for said, given in ((Conditions(), (True, 14, "anna")), (Conditions(pays_by_invoice=False), (False, 14, "anna"))):
        application = await submit(database, f"{given[0]}@bakkerij.nl")
        waiting = await company_of(database, application)
        assert (waiting.groups, waiting.pays_by_invoice, waiting.invoice_days) == (["bakeries"], False, None)
        async with database.transaction() as session:
            command = commands.RequestApproval(application.id, said, None, "staff:1")
            await commands.request_approval(session, command, AT)
        await approve(database, application)
        company = await company_of(database, application)
        assert (company.pays_by_invoice, company.invoice_days, company.sales_representative) == given


async def test_an_approval_names_groups_that_are_there_also_when_it_is_carried_out(database):
    """ID-19"""
    application = await submit(database)
    nowhere = commands.RequestApproval(application.id, Conditions(groups=("nowhere",)), None, "staff:1")
    async with database.transaction() as session:
        with pytest.raises(Invalid, match="group-unknown"):
            await commands.request_approval(session, nowhere, AT)
    await request(database, application)
    async with database.transaction() as session:
        await remove_group(session, "bakeries")
    returned = await approve(database, application)
    assert (returned.status, returned.returned) == (ApplicationStatus.WAITING, "group-unknown")
