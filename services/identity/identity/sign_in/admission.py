"""Who may sign in: the facts of an account and its memberships, and the refusal that follows from them, in one place."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Text, bindparam, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import DomainError, Forbidden
from chassis.hot import HotStatement
from contracts.identity.states import ContactKind
from contracts.identity.status_table import refusal_code
from contracts.identity.storefronts import Doors, entry_refusal
from contracts.identity.values import Capability, CustomerStatus
from identity.companies.models import Company
from identity.contacts.models import Contact
from identity.members.models import Member
from identity.sign_in.models import Credential, SubjectKind
from identity.sign_in.rules import Rules
from identity.staff.models import StaffMember
from identity.storefronts.models import Storefront


@dataclass(frozen=True)
class Admitted:
    """One active membership of a candidate."""

    member_id: UUID
    company_id: UUID
    company_name: str
    storefront: str
    """That of the company."""
    enters: str
    """The storefront that he signs in at."""
    doors: Doors | None
    """Of that one; None: nobody has defined it."""
    groups: tuple[str, ...]
    status: CustomerStatus
    with_account_access: bool


@dataclass(frozen=True)
class Candidate:
    """An account that somebody claims to be the owner of."""

    kind: SubjectKind
    subject_id: UUID
    password_hash: str | None
    verified: bool
    until: datetime | None = None
    """Of an external of the staff: when his access ends."""

    @classmethod
    async def of(cls, session: AsyncSession, kind: SubjectKind, subject_id: UUID) -> Self | None:
        """The account of a session, as it is now; None: it is no account any more."""
        return await cls._found(
            session, _STAFF_BY_ID if kind is SubjectKind.STAFF else _CONTACT_BY_ID, kind, subject_id
        )

    @classmethod
    async def by_address(cls, session: AsyncSession, kind: SubjectKind, email: str) -> Self | None:
        return await cls._found(
            session, _STAFF_BY_ADDRESS if kind is SubjectKind.STAFF else _CONTACT_BY_ADDRESS, kind, email
        )

    @classmethod
    async def of_consumer(cls, session: AsyncSession, kind: SubjectKind, email: str) -> Self | None:
        """His account as a consumer, or the one that serves for both (ID-08)."""
        return await cls._found(session, _CONSUMER_BY_ADDRESS, kind, email)

    @classmethod
    async def _found(
        cls, session: AsyncSession, account: HotStatement, kind: SubjectKind, named: UUID | str
    ) -> Self | None:
        rows = await account.rows(session, {"named": named})
        return cls(kind, **rows[0]) if rows else None

    async def memberships(self, session: AsyncSession, storefront: str | None) -> list[Admitted]:
        """Oldest first.

        Args:
            storefront: that he signs in at; None: that of each company.
        """
        rows = await _MEMBERSHIPS.rows(session, {"contact_id": self.subject_id, "at_storefront": storefront})
        return [_admitted(**row) for row in rows]


_STAFF = (
    select(StaffMember.id.label("subject_id"), Credential.password_hash, true().label("verified"), StaffMember.until)
    .outerjoin(Credential, Credential.subject_id == StaffMember.id)
    .where(StaffMember.active)
)
_CONTACT = (
    select(Contact.id.label("subject_id"), Credential.password_hash, Contact.verified_at.is_not(None).label("verified"))
    .outerjoin(Credential, Credential.subject_id == Contact.id)
    .where(Contact.kind == ContactKind.REGISTERED)
    .order_by(Contact.consumer.desc())
    .limit(1)
)
_STAFF_BY_ID = HotStatement.of(_STAFF.where(StaffMember.id == bindparam("named")))
_STAFF_BY_ADDRESS = HotStatement.of(_STAFF.where(StaffMember.email == bindparam("named")))
_CONTACT_BY_ID = HotStatement.of(_CONTACT.where(Contact.id == bindparam("named"), ~Contact.consumer))
_CONTACT_BY_ADDRESS = HotStatement.of(_CONTACT.where(Contact.email == bindparam("named"), ~Contact.consumer))
_CONSUMER_BY_ADDRESS = HotStatement.of(_CONTACT.where(Contact.email == bindparam("named")))
_ENTERS = func.coalesce(bindparam("at_storefront", type_=Text), Company.storefront)
_MEMBERSHIPS = HotStatement.of(
    select(
        Member.id.label("member_id"),
        Member.company_id,
        Company.legal_name.label("company_name"),
        Company.storefront,
        Company.groups,
        Company.status,
        Company.with_account_access,
        _ENTERS.label("enters"),
        Storefront.active.label("door_active"),
        Storefront.access.label("door_access"),
        Storefront.groups.label("door_groups"),
    )
    .join(Company, Company.id == Member.company_id)
    .outerjoin(Storefront, Storefront.code == _ENTERS)
    .where(Member.contact_id == bindparam("contact_id"), Member.active)
    .order_by(Member.added_at, Member.id)
)


def _admitted(
    *, status: str, groups: list[str], door_active: bool | None, door_access: str, door_groups: list[str], **others: Any
) -> Admitted:
    doors = None if door_active is None else Doors(door_active, door_access, door_groups)
    return Admitted(status=CustomerStatus(status), groups=tuple(groups), doors=doors, **others)


async def company_meant(session: AsyncSession, named: UUID | None) -> UUID | None:
    """Who names a merged company means the one that it is now (ID-26)."""
    if named is None:
        return None
    merged_into: UUID | None = await session.scalar(select(Company.merged_into).where(Company.id == named))
    return merged_into or named


def refusal_of_account(candidate: Candidate, at: datetime) -> DomainError | None:
    """Whatever company it is for."""
    if candidate.until is not None and candidate.until <= at:
        return Forbidden("access-ended", "Your access has ended.")
    if candidate.verified:
        return None
    return Forbidden("address-not-verified", "Use the link in the mail that was sent to you; a new one is on its way.")


def refusal_of_membership(rules: Rules, admitted: Admitted) -> DomainError | None:
    """By the status of the company and what the merchant's table allows, and by who may enter the storefront (ID-19)."""
    if not admitted.with_account_access:
        return Forbidden("company-without-account-access", "Nobody signs in for this company.")
    if not rules.statuses.table.allows(admitted.status, Capability.LOG_IN):
        code = refusal_code(admitted.status)
        return Forbidden(code, "The company may not sign in.", facts={"customer_status": admitted.status.value})
    refused = entry_refusal(admitted.doors, admitted.groups, own=admitted.enters == admitted.storefront)
    if refused is None:
        return None
    return Forbidden(refused, "The company may not enter this storefront.", facts={"storefront": admitted.enters})
