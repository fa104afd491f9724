"""Who receives a mail, as it stands at the moment of printing."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.shared.values import Language
from notifications.contacts.models import Contact
from notifications.mails.policy import MailPolicy


@dataclass(frozen=True)
class Recipient:
    address: str
    language: Language
    name: str | None = None
    company: str | None = None


async def find_recipient(session: AsyncSession, contact_id: UUID | None, policy: MailPolicy) -> Recipient | None:
    """A contact, or for None the merchant's mailbox. None: the contact has not arrived here, or was erased.

    In its language, or the merchant's where we have no words in that.
    """
    if contact_id is None:
        return Recipient(policy.merchant_mailbox, policy.merchant_language)
    known = await session.get(Contact, str(contact_id))
    if known is None:
        return None
    language = next((one for one in Language if one == known.language), policy.merchant_language)
    return Recipient(known.email, language, known.name, known.company_name)


async def names_of(session: AsyncSession, contacts: Collection[str]) -> dict[str, str]:
    """Names by contact id, of those we know."""
    if not contacts:
        return {}
    rows = await session.execute(select(Contact.key, Contact.name).where(Contact.key.in_(contacts)))
    return {row.key: row.name for row in rows}
