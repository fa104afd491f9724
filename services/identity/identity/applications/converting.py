"""A consumer account turns itself into a business account: by an application like any other's (ID-08)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database
from chassis.errors import Conflict
from chassis.policies import policy
from contracts.identity.values import AfterApproval
from identity.applications.commands import check_open, open_application
from identity.applications.models import Application
from identity.companies.numbers import CompanyRecord
from identity.contacts.commands import CreateContact, lock_contact
from identity.contacts.models import Contact
from identity.members.logins import memberships, separate_at
from identity.policies import RegistrationPolicy
from identity.sign_in.admission import Candidate
from identity.sign_in.commands import request_reset
from identity.sign_in.passwords import Passwords
from identity.sign_in.signing_in import Attempt, password_was_right, recognise, refusal_of_address


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
    if await session.scalar(memberships(Contact.email == account.email).limit(1)):  # with whichever contact
        raise Conflict("already-a-member", "You are a member of a company already.")
    separate = await separate_at(session, command.storefront)
    if separate:
        account.leave_to_consumer()
        await session.flush()
    applicant = CreateContact(account.name, account.email, account.language)
    application, person = await open_application(session, rules, command.storefront, command.record, applicant, at)
    if separate and rules.after_approval is AfterApproval.ENABLE:
        await request_reset(session, person, at)
    return application
