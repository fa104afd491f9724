"""A consumer account turns itself into a business account: by an application like any other's (ID-08)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database
from chassis.errors import Conflict
from chassis.policies import policy
from contracts.identity.events import CompanyOrigin
from contracts.identity.values import AfterApproval, CustomerStatus
from identity.applications.commands import check_open, open_application
from identity.applications.models import Application
from identity.companies.models import Company
from identity.companies.numbers import CompanyRecord
from identity.contacts.commands import CreateContact, lock_contact
from identity.contacts.models import Contact
from identity.members.models import Member
from identity.policies import ConsumerAccountsPolicy, ConsumerLogin, RegistrationPolicy
from identity.sign_in.admission import Candidate
from identity.sign_in.commands import request_reset
from identity.sign_in.passwords import Passwords
from identity.sign_in.signing_in import Attempt, password_was_right, recognise, refusal_of_address

NO_CUSTOMER = (CustomerStatus.NONE, CustomerStatus.REJECTED)
"""What is left of an application that came to nothing; who made it may apply again."""


async def prove_account(database: Database, passwords: Passwords, attempt: Attempt, at: datetime) -> UUID:
    """The registered contact that somebody shows to be his, as he would to sign in; a guest has nothing to show.

    Raises:
        TooManyRequests: after failures, for a while.
        Unauthenticated: `credentials-invalid`, whether the account exists or not.
        Forbidden: `password-sign-in-off`, `address-not-verified`.
    """
    _, candidate = await recognise(database, passwords, attempt, at, find=Candidate.of_consumer)
    async with database.transaction() as session:
        refusal = await password_was_right(session, candidate, attempt, at)
        refusal = refusal or await refusal_of_address(session, candidate, at)
    if refusal:
        raise refusal
    return candidate.subject_id


@dataclass(frozen=True)
class ConvertAccount:
    """`contact_id`: who has proved that the account is his."""

    contact_id: UUID
    storefront: str
    record: CompanyRecord


async def convert_account(session: AsyncSession, command: ConvertAccount, at: datetime) -> Application:
    """Company and membership exist from now on, as `pending_approval`, and the merchant decides as always.

    Where logins are shared, the account signs in for the company once it may. Where they are separate, it stays the
    consumer's, and the same person gets another, whose password he chooses by a link: that of the invitation, or one that
    goes out now where an approval enables at once.

    Raises:
        NotFound: he was erased.
        Conflict: `already-a-member`.
        Forbidden, Invalid: see `check_open`.
        Invalid: a field that the storefront requires is missing, or a number can not be right.
    """
    account = await lock_contact(session, command.contact_id)
    rules = await policy(session, RegistrationPolicy, command.storefront)
    check_open(rules, account.email)
    if await _is_a_member(session, account.email):
        raise Conflict("already-a-member", "You are a member of a company already.")
    login = (await policy(session, ConsumerAccountsPolicy, command.storefront)).login
    if login is ConsumerLogin.SEPARATE:
        account.leave_to_consumer()
        await session.flush()
    applicant = CreateContact(account.name, account.email, account.language)
    application, person = await open_application(session, rules, command.storefront, command.record, applicant, at)
    if login is ConsumerLogin.SEPARATE and rules.after_approval is AfterApproval.ENABLE:
        await request_reset(session, person, at)
    return application


async def _is_a_member(session: AsyncSession, email: str) -> bool:
    """Of a company that is a customer or may become one, with whichever contact of this address."""
    came_to_nothing = (Company.origin == CompanyOrigin.APPLIED) & Company.status.in_(NO_CUSTOMER)
    found = (
        select(Member.id)
        .join(Contact, Contact.id == Member.contact_id)
        .join(Company, Company.id == Member.company_id)
        .where(Contact.email == email, Member.active, ~came_to_nothing)
        .limit(1)
    )
    return await session.scalar(found) is not None
