"""The only writers of contacts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, NotFound
from chassis.http.etag import check_version
from chassis.ids import new_id
from contracts.identity.states import ContactKind
from contracts.shared.values import Language
from identity.bulk import insert_new
from identity.companies.models import Company
from identity.contacts.models import Contact
from identity.groups.naming import check_groups


@dataclass(frozen=True)
class CreateContact:
    """A guest; `email` is normalised. Without groups of his own he is in those of the company."""

    name: str
    email: str
    language: Language
    company: Company | None = None
    groups: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class ChangeContact:
    contact_id: UUID
    if_match: str
    values: dict[str, Any] = field(default_factory=dict)
    """Columns and their new values."""


async def lock_contact(session: AsyncSession, contact_id: UUID) -> Contact:
    """
    Raises:
        NotFound: there is none, or he was erased.
    """
    contact = await session.scalar(select(Contact).where(Contact.id == contact_id).with_for_update())
    if contact is None or contact.is_erased:
        raise NotFound
    return contact


async def registered_contact(session: AsyncSession, email: str) -> Contact | None:
    """The one account of a normalised address with which somebody signs in for companies, locked."""
    accounts = select(Contact).where(Contact.kind == ContactKind.REGISTERED, ~Contact.consumer)
    found: Contact | None = await session.scalar(accounts.where(Contact.email == email).with_for_update())
    return found


async def create_contact(session: AsyncSession, command: CreateContact, at: datetime) -> Contact:
    """
    Raises:
        Invalid: `group-unknown`.
    """
    await check_groups(session, command.groups)
    contact = _new_contact(command, at)
    session.add(contact)
    await session.flush()
    return contact


async def create_contacts(session: AsyncSession, commands: Sequence[CreateContact], at: datetime) -> None:
    """Creates many at once, each as `create_contact` would.

    Raises:
        Invalid: as there, for any of them.
    """
    await check_groups(session, {code for command in commands for code in command.groups})
    await insert_new(session, (_new_contact(command, at) for command in commands))


def _new_contact(command: CreateContact, at: datetime) -> Contact:
    company = command.company
    contact = Contact(
        id=new_id(),
        sequence=0,
        kind=ContactKind.GUEST,
        company_id=company.id if company else None,
        company_name=company.legal_name if company else None,
        name=command.name,
        email=command.email,
        language=command.language,
        groups=list(command.groups or (company.groups if company else ())),
        phones=list(command.phones),
        addresses=list(command.addresses),
        verification_issue=0,
        reset_issue=0,
        consumer=False,
        created_at=at,
    )
    contact.announce()
    return contact


async def register_contact(session: AsyncSession, contact: Contact) -> None:
    """Makes him the one registered contact of his address.

    Raises:
        Conflict: another contact is.
    """
    other = await registered_contact(session, contact.email)
    if other is not None and other.id != contact.id:
        raise Conflict("email-registered", "Another contact has an account with this address.")
    contact.register()
    await session.flush()


async def change_contact(session: AsyncSession, command: ChangeContact) -> Contact:
    """
    Raises:
        NotFound: there is none.
        StaleVersion: somebody changed it since.
        Invalid: `group-unknown`.
        Conflict: the new address has an account already.
    """
    contact = await lock_contact(session, command.contact_id)
    check_version(command.if_match, contact.sequence)
    await check_groups(session, command.values.get("groups", ()), already=contact.groups)
    contact.change(command.values)
    if contact.kind is ContactKind.REGISTERED and not contact.consumer:
        await register_contact(session, contact)
    return contact
