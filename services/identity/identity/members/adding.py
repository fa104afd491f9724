"""Adding a person to a company at once, without an invitation: with the account of his address, or with a new one (ID-14)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict
from contracts.shared.values import Language
from identity.companies.commands import lock_company
from identity.companies.models import Company
from identity.contacts.commands import CreateContact, create_contact, register_contact, registered_contact
from identity.contacts.models import Contact
from identity.members.commands import AddMember, add_member, check_may_invite, member_of_address
from identity.members.grants import MemberTerms, granted
from identity.members.models import Member
from identity.sign_in.commands import SetPassword, request_reset, request_verification, set_password
from identity.sign_in.passwords import PasswordHash


@dataclass(frozen=True)
class AddPerson:
    company_id: UUID
    name: str
    email: str
    """Normalised."""
    language: Language
    password_hash: PasswordHash | None
    """Of a new account; without it he is mailed a link to choose one. An account that exists keeps its own."""
    terms: MemberTerms


async def add_person(session: AsyncSession, command: AddPerson, at: datetime) -> Member:
    """
    Raises:
        NotFound: no such company.
        Conflict: `company-without-account-access`, `already-member`.
        Invalid: `role-unknown`; an administrator that does not manage members.
        Forbidden: the granter gives more than he may, or his company's status does not let it invite.
    """
    company = await lock_company(session, command.company_id)
    await check_may_invite(session, company, command.terms.granter)
    if member_id := await member_of_address(session, company.id, command.email):
        raise Conflict("already-member", "This person is a member already.", facts={"member_id": str(member_id)})
    grant = await granted(session, company.id, command.terms)
    account = await registered_contact(session, command.email) or await _new_account(session, company, command, at)
    return await add_member(session, AddMember(company.id, account.id, grant), at)


async def _new_account(session: AsyncSession, company: Company, command: AddPerson, at: datetime) -> Contact:
    person = CreateContact(name=command.name, email=command.email, language=command.language, company=company)
    contact = await create_contact(session, person, at)
    await register_contact(session, contact)
    if command.password_hash:
        await set_password(session, SetPassword(contact.id, command.password_hash), at)
        await request_verification(session, contact, at)
    else:
        await request_reset(session, contact, at)
    return contact
