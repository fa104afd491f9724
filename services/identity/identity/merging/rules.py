"""Whether one company may be merged into another, and what becomes of its members: the preview and the merge ask the same.

Nobody gets more by a merge than he had: neither the right to sign in, nor another role where he is a member already.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from contracts.identity.values import CustomerStatus
from identity.contacts.models import Contact
from identity.members.models import Member


class Candidate(Protocol):
    """What these rules look at in a company."""

    id: UUID
    test: bool
    with_account_access: bool
    status: CustomerStatus
    accepted_at: datetime | None


@dataclass(frozen=True)
class Hindrance:
    code: str
    detail: str


def hindrances(duplicate: Candidate, into: Candidate) -> Iterator[Hindrance]:
    """Why it can not be merged now; none: it can."""
    if duplicate.id == into.id:
        yield Hindrance("merged-into-itself", "A company is not its own duplicate.")
        return
    statuses = {duplicate.status, into.status}
    if CustomerStatus.MERGED in statuses:
        yield Hindrance("customer-merged", "One of them was merged already.")
    if CustomerStatus.PENDING_APPROVAL in statuses:
        yield Hindrance("customer-pending-approval", "The application of one of them waits; decide on it first.")
    if CustomerStatus.DISABLED in statuses:
        yield Hindrance("customer-disabled", "One of them is suspended; reactivate it first.")
    if into.status is CustomerStatus.REJECTED:
        yield Hindrance("customer-rejected", "The application of the company that would remain was rejected.")
    if duplicate.test != into.test:
        yield Hindrance("merged-test-and-real", "One of them is a test buyer, the other is not.")
    if duplicate.with_account_access and not into.with_account_access:
        yield Hindrance("company-without-account-access", "Nobody signs in for the company that would remain.")
    if duplicate.accepted_at and not into.accepted_at:
        yield Hindrance("customer-not-enabled", "Its members would lose their access; merge it the other way round.")


class Fate(StrEnum):
    """What becomes of an active member of the duplicate."""

    MOVES = "moves"
    """He is a member of the other from now on, with his role, permissions and limits."""
    IS_MEMBER_ALREADY = "is_member_already"
    """Of the other, by his address: what he is there stands, and the second membership ends."""
    NEVER_HAD_ACCESS = "never_had_access"
    """His company was never enabled: the membership ends, he stays a contact and can be invited."""


async def fates(connection: AsyncConnection | AsyncSession, duplicate: Candidate, into_id: UUID) -> dict[UUID, Fate]:
    """Of the active members, by id, oldest first. One person may be several contacts, so addresses are compared."""
    there, contact = aliased(Member), aliased(Contact)
    same = exists().where(
        and_(there.company_id == into_id, there.active, contact.id == there.contact_id, contact.email == Contact.email)
    )
    rows = await connection.execute(
        select(Member.id, same.label("already"))
        .join(Contact, Contact.id == Member.contact_id)
        .where(Member.company_id == duplicate.id, Member.active)
        .order_by(Member.id)
    )
    found = {}
    for row in rows.all():
        fate = Fate.MOVES if duplicate.accepted_at else Fate.NEVER_HAD_ACCESS
        found[row.id] = Fate.IS_MEMBER_ALREADY if row.already else fate
    return found


def codes_there(codes: dict[UUID, str], taken: set[str]) -> dict[UUID, str]:
    """The codes of what the duplicate has, in the other company, where one that is taken gets a number."""
    given: dict[UUID, str] = {}
    for coded_id, code in codes.items():
        free, suffix = code, 1
        while free in taken:
            suffix += 1
            free = f"{code[:55]}-{suffix}"
        taken = taken | {free}
        given[coded_id] = free
    return given


def fields_that_differ(duplicate: Any, into: Any) -> list[str]:
    """What the company that remains keeps as it is, though the other had it otherwise."""
    return [name for name in COMPARED if getattr(duplicate, name) != getattr(into, name)]


COMPARED = (
    "legal_name", "country", "language", "vat_number", "registration_number", "email", "phone", "department",
    "storefront", "groups", "addresses", "sales_representative", "pays_by_invoice", "invoice_days",
    "credit_limit", "payment_reference", "vat_exempt",
)  # fmt: skip
