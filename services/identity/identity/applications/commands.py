"""The only writers of applications. Where the company is concerned it is locked first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from chassis.ids import new_id
from chassis.policies import policy
from contracts.identity.activities import ApplicationStatus, Verdict
from contracts.identity.events import CompanyOrigin
from contracts.identity.process_events import WithdrawnBecause
from contracts.identity.states import ContactKind
from contracts.identity.values import AfterApproval, RegistrationMode, RejectionReason, VatCheck
from identity.applications.models import FOR_PEOPLE, Application, application_numbers
from identity.companies.commands import (
    Conditions,
    CreateCompany,
    claim_number,
    create_company,
    lock_company_even_merged,
    with_defaults,
)
from identity.companies.models import Company
from identity.companies.numbers import CompanyRecord
from identity.companies.status import ApplicationOutcome
from identity.contacts.commands import CreateContact
from identity.contacts.email import domain_of
from identity.contacts.models import Contact
from identity.members.commands import AddMember, add_member
from identity.members.grants import MemberTerms, granted
from identity.members.logins import account_for
from identity.policies import ApprovalPolicy, RegistrationPolicy
from identity.roles.policies import BuiltIn
from identity.sign_in.commands import SetPassword, request_verification, set_password
from identity.sign_in.passwords import PasswordHash


@dataclass(frozen=True)
class SubmitApplication:
    """`password_hash`: of what the applicant chose, where policy enables him at once."""

    storefront: str
    record: CompanyRecord
    applicant: CreateContact
    password_hash: PasswordHash | None


@dataclass(frozen=True)
class AskQuestion:
    application_id: UUID
    text: str
    actor: str


@dataclass(frozen=True)
class AnswerQuestion:
    application_id: UUID
    question: int
    text: str


@dataclass(frozen=True)
class RequestApproval:
    """The reviewer's yes, and what it gives."""

    application_id: UUID
    conditions: Conditions
    price_list: str | None
    actor: str


@dataclass(frozen=True)
class RejectApplication:
    application_id: UUID
    reason: RejectionReason
    comment: str | None
    actor: str


@dataclass(frozen=True)
class Decide:
    """A decision that was not taken over HTTP; an approval gives what the storefront's policy gives."""

    application_id: UUID
    decision: int
    verdict: Verdict
    reason: RejectionReason
    actor: str


async def lock_application(session: AsyncSession, application_id: UUID) -> Application:
    """
    Raises:
        NotFound: there is none.
    """
    application = await session.scalar(
        select(Application).where(Application.id == application_id).with_for_update(of=Application)
    )
    if application is None:
        raise NotFound
    return application


async def lock_with_company(session: AsyncSession, application_id: UUID) -> tuple[Application, Company]:
    """
    Raises:
        NotFound: there is none.
    """
    company_id = await session.scalar(select(Application.company_id).where(Application.id == application_id))
    if company_id is None:
        raise NotFound
    company = await lock_company_even_merged(session, company_id)
    return await lock_application(session, application_id), company


def check_open(rules: RegistrationPolicy, email: str, *, pointer: str = "/email") -> None:
    """Whether somebody of this address may register himself at a storefront (ID-06, ID-07).

    Raises:
        Forbidden: only the merchant creates accounts here.
        Invalid: the address is the merchant's own.
    """
    if rules.mode is RegistrationMode.CLOSED:
        raise Forbidden("registration-closed", "Only the merchant creates accounts here.")
    if domain_of(email) in rules.merchant_domains:
        raise _invalid(pointer, "email-of-merchant", "This is the merchant's own address.")


async def check_may_apply(rules: RegistrationPolicy, email: str, *, with_password: bool) -> None:
    """Who may register himself at a storefront, and how (ID-06, ID-07, ID-10).

    Raises:
        Forbidden: only the merchant creates accounts here.
        Invalid: the address is the merchant's own, or a password is missing or out of place.
    """
    check_open(rules, email, pointer="/applicant/email")
    if rules.after_approval is AfterApproval.ENABLE and not with_password:
        raise _invalid("/applicant/password", "password-required", "Choose a password to sign in with once approved.")
    if rules.after_approval is AfterApproval.INVITE and with_password:
        raise _invalid("/applicant/password", "password-not-expected", "A password is chosen when you are invited.")


def _invalid(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid(code, detail, problems=[Problem(pointer, code, detail)])


async def submit_application(session: AsyncSession, command: SubmitApplication, at: datetime) -> Application:
    """Company, contact and membership exist from now on, as `pending_approval` (ID-07).

    Somebody who has an account under this address keeps its name and password, and the answer does not tell. Where a
    consumer's login stays separate, he gets another account with the password that he chose here, or at his invitation, and
    his own is not touched before he proves that the address is his (ID-08).

    Raises:
        Forbidden, Invalid: see `check_may_apply`.
        Invalid: a field that the storefront requires is missing, or a number can not be right.
    """
    rules = await policy(session, RegistrationPolicy, command.storefront)
    await check_may_apply(rules, command.applicant.email, with_password=command.password_hash is not None)
    application, contact = await open_application(
        session, rules, command.storefront, command.record, command.applicant, at
    )
    if command.password_hash and contact.kind is ContactKind.GUEST:
        await set_password(session, SetPassword(contact.id, command.password_hash), at)
        await request_verification(session, contact, at)
    return application


async def open_application(
    session: AsyncSession,
    rules: RegistrationPolicy,
    storefront: str,
    record: CompanyRecord,
    applicant: CreateContact,
    at: datetime,
) -> tuple[Application, Contact]:
    """With the person who applies: who has an account under this address that is not the consumer's alone, or somebody new.

    Raises:
        Invalid: a field that the storefront requires is missing, or a number can not be right.
    """
    clocks = await policy(session, ApprovalPolicy, storefront)
    known = await account_for(session, applicant.email, storefront)
    company, contact = await create_company(
        session,
        CreateCompany(
            record=record,
            storefront=storefront,
            origin=CompanyOrigin.APPLIED,
            contact=applicant,
            new_contact=known is None,
            pointer="/company",
        ),
        at,
    )
    assert contact is not None
    application = Application(
        id=new_id(),
        sequence=0,
        number=f"A-{await session.scalar(application_numbers.next_value()):06d}",
        company_id=company.id,
        company_number=company.number,
        contact_id=contact.id,
        storefront=storefront,
        language=record.language,
        mode=rules.mode,
        after_approval=rules.after_approval,
        clocks=clocks.model_dump(mode="json"),
        submitted_at=at,
        question=0,
        proposals=0,
        decision=0,
        questions=[],
    )
    application.submit()
    session.add(application)
    company.note_application(ApplicationOutcome.PENDING)
    grant = await granted(session, company.id, MemberTerms(BuiltIn.ADMINISTRATOR))
    await add_member(session, AddMember(company.id, contact.id, grant), at)
    return application, contact


async def ask_question(session: AsyncSession, command: AskQuestion, at: datetime) -> Application:
    """
    Raises:
        NotFound.
        Conflict: it does not wait for the merchant.
    """
    application = await lock_application(session, command.application_id)
    application.ask(command.text, by=command.actor, at=at)
    return application


async def answer_question(session: AsyncSession, command: AnswerQuestion, at: datetime) -> Application:
    """
    Raises:
        NotFound.
        Conflict: it was answered, or nobody waits for it any more.
    """
    application = await lock_application(session, command.application_id)
    application.answer(command.question, command.text, at)
    return application


async def request_approval(session: AsyncSession, command: RequestApproval, at: datetime) -> Application:
    """The yes of the reviewer, or the first of two. Whether the price list exists is pricing's to judge, in the process.

    What it leaves open is as the groups have it at this moment: whether two people are needed is judged by all that the
    customer will be given, and the second one has seen it.

    Raises:
        NotFound.
        Invalid: `group-unknown`.
        Conflict: it is not open for a decision; `vat-number-invalid`; `customer-number-taken`, with a proposal.
    """
    application, company = await lock_with_company(session, command.application_id)
    check_vat_number(application, company)
    conditions = await with_defaults(session, company, command.conditions)
    if conditions.customer_number and conditions.customer_number != company.number:
        await claim_number(session, conditions.customer_number)
    application.say_yes(conditions.to_json(), command.price_list, by=command.actor, at=at)
    return application


def check_vat_number(application: Application, company: Company) -> None:
    """
    Raises:
        Conflict: the EU says that the VAT number is invalid, and policy approves nobody who has such a one.
    """
    if application.policy.invalid_vat_blocks and company.vat_check is VatCheck.INVALID:
        raise Conflict("vat-number-invalid", "The EU's service says that the VAT number is invalid.")


async def reject_application(session: AsyncSession, command: RejectApplication, at: datetime) -> Application:
    """
    Raises:
        NotFound.
        Conflict: it is not open for a decision.
    """
    application, company = await lock_with_company(session, command.application_id)
    application.reject(command.reason, command.comment, by=command.actor, at=at)
    company.note_application(ApplicationOutcome.REJECTED)
    return application


async def decide(session: AsyncSession, command: Decide, at: datetime) -> Application:
    """Decides once per decision number; what was decided otherwise meanwhile stands.

    Raises:
        NotFound.
    """
    application, company = await lock_with_company(session, command.application_id)
    if command.decision <= application.decision or application.status not in FOR_PEOPLE:
        return application
    if command.verdict is Verdict.REJECT:
        application.reject(command.reason, None, by=command.actor, at=at)
        company.note_application(ApplicationOutcome.REJECTED)
    else:
        rules = await policy(session, RegistrationPolicy, application.storefront)
        conditions = await with_defaults(session, company, Conditions())
        application.request_approval(conditions.to_json(), rules.price_list, by=command.actor, at=at)
    return application


async def withdraw_application(
    session: AsyncSession, application_id: UUID, because: WithdrawnBecause, at: datetime
) -> Application:
    """
    Raises:
        NotFound.
        Conflict: it was decided, or a decision is being carried out.
    """
    application, company = await lock_with_company(session, application_id)
    application.withdraw(because, at)
    company.note_application(ApplicationOutcome.NONE)
    return application


async def withdraw_for_silence(
    session: AsyncSession, application_id: UUID, question: int, due_at: datetime | None, at: datetime
) -> Application:
    """Withdraws it unless the question was answered, or its deadline moved, a moment before; answers with what stands.

    Raises:
        NotFound.
    """
    application, company = await lock_with_company(session, application_id)
    silent = application.status is ApplicationStatus.ASKED and application.question == question
    if silent and application.question_due_at == due_at:
        application.withdraw(WithdrawnBecause.SILENCE, at)
        company.note_application(ApplicationOutcome.NONE)
    return application


async def remind(session: AsyncSession, application_id: UUID, reminder: int, at: datetime) -> Application:
    """
    Raises:
        NotFound.
    """
    application = await lock_application(session, application_id)
    application.remind(reminder, at)
    return application


async def extend(session: AsyncSession, application_id: UUID, until: datetime) -> Application:
    """
    Raises:
        NotFound.
        Conflict: nobody is waited for.
    """
    application = await lock_application(session, application_id)
    application.extend(until)
    return application


async def return_to_reviewer(
    session: AsyncSession, application_id: UUID, decision: int, reason: str, at: datetime
) -> Application:
    """
    Raises:
        NotFound.
    """
    application = await lock_application(session, application_id)
    application.return_to_reviewer(decision, reason, at)
    return application
