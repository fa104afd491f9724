"""Who receives a mail, as it stands at the moment of printing."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.shared.values import Language
from notifications.contacts.models import Contact, ErasedContact
from notifications.mails.policy import MailPolicy

_KNOWN = select(Contact.key, Contact.email, Contact.language, Contact.name, Contact.company_name)


@dataclass(frozen=True)
class Recipient:
    address: str
    language: Language
    name: str | None = None
    company: str | None = None


async def find_recipients(
    session: AsyncSession, contacts: Collection[UUID | None], policy: MailPolicy
) -> dict[UUID | None, Recipient]:
    """Contacts by id, and for None the merchant's mailbox. Who has not arrived here, or was erased, is left out.

    In their languages, or the merchant's where we have no words in that.
    """
    found: dict[UUID | None, Recipient] = {None: Recipient(policy.merchant_mailbox, policy.merchant_language)}
    keys = {str(one): one for one in contacts if one is not None}
    if keys:
        for row in await session.execute(_KNOWN.where(Contact.key.in_(keys))):
            language = next((one for one in Language if one == row.language), policy.merchant_language)
            found[keys[row.key]] = Recipient(row.email, language, row.name, row.company_name)
    return found


async def names_of(session: AsyncSession, contacts: Collection[str]) -> dict[str, str]:
    """Names by contact id, of those we know."""
    if not contacts:
        return {}
    rows = await session.execute(select(Contact.key, Contact.name).where(Contact.key.in_(contacts)))
    return {row.key: row.name for row in rows}


async def erased_among(session: AsyncSession, contacts: Collection[UUID]) -> frozenset[UUID]:
    """Those of them who were erased."""
    if not contacts:
        return frozenset()
    found = await session.scalars(select(ErasedContact.contact_id).where(ErasedContact.contact_id.in_(contacts)))
    return frozenset(found)
