"""One login or two for a consumer who becomes a member: the policy `consumer-accounts` of the storefront says it (ID-08).

A consumer's account is a registered one that is a member nowhere. Where logins are separate it stays his, and makes way
for another of the same address once somebody has proved that the address is his: a stranger changes nothing of it.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.policies import policy
from contracts.identity.events import CompanyOrigin
from contracts.identity.states import ContactKind
from contracts.identity.values import CustomerStatus
from identity.companies.models import Company
from identity.contacts.commands import register_contact, registered_contact
from identity.contacts.models import Contact
from identity.members.models import Member
from identity.policies import ConsumerAccountsPolicy, ConsumerLogin

NO_CUSTOMER = (CustomerStatus.NONE, CustomerStatus.REJECTED)
"""What is left of an application that came to nothing; who made it may apply again."""


def memberships(*whose: ColumnElement[bool]) -> Select[UUID]:
    """In companies that are customers or may become some, of these members or contacts."""
    came_to_nothing = (Company.origin == CompanyOrigin.APPLIED) & Company.status.in_(NO_CUSTOMER)
    found = select(Member.id).join(Contact, Contact.id == Member.contact_id)
    return found.join(Company, Company.id == Member.company_id).where(Member.active, ~came_to_nothing, *whose)


async def separate_at(connection: AsyncConnection | AsyncSession, storefront: str) -> bool:
    """Whether who is a consumer gets another login there."""
    return (await policy(connection, ConsumerAccountsPolicy, storefront)).login is ConsumerLogin.SEPARATE


async def account_for(session: AsyncSession, email: str, storefront: str) -> Contact | None:
    """The account of this normalised address with which somebody becomes a member there, locked. None: he has none, or one
    that stays the consumer's."""
    account = await registered_contact(session, email)
    if account and await _stays_the_consumers(session, account.id, email, storefront):
        return None
    return account


async def account_id_for(connection: AsyncConnection, email: str, storefront: str) -> UUID | None:
    """The same, for who only looks."""
    registered = select(Contact.id).where(Contact.kind == ContactKind.REGISTERED, ~Contact.consumer)
    account: UUID | None = await connection.scalar(registered.where(Contact.email == email))
    if account and await _stays_the_consumers(connection, account, email, storefront):
        return None
    return account


async def _stays_the_consumers(
    connection: AsyncConnection | AsyncSession, account: UUID, email: str, storefront: str
) -> bool:
    """Not where the consumer has one of his own already: then this one was made for companies."""
    if not await separate_at(connection, storefront):
        return False
    his_own = select(Contact.id).where(Contact.email == email, Contact.consumer)
    taken = memberships(Member.contact_id == account).exists() | his_own.exists()
    return not await connection.scalar(select(taken))


async def open_account(session: AsyncSession, contact: Contact, storefront: str) -> None:
    """From now on he signs in for companies with this contact, of which the address is proved to be his.

    Raises:
        Conflict: `email-registered`: another contact has an account that does not make way.
    """
    other = await registered_contact(session, contact.email)
    if other and other.id != contact.id and await account_for(session, contact.email, storefront) is None:
        other.leave_to_consumer()
        await session.flush()
    await register_contact(session, contact)
