"""Who may sign in: the facts of an account and its memberships, and the refusal that follows from them, in one place."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import DomainError, Forbidden
from contracts.identity.states import ContactKind
from contracts.identity.status_table import refusal_code
from contracts.identity.values import Capability, CustomerStatus
from identity.companies.models import Company
from identity.contacts.models import Contact
from identity.members.models import Member
from identity.policies import status_table
from identity.sign_in.models import Credential, SubjectKind
from identity.staff.models import StaffMember
from identity.storefronts.queries import refusal_of_entry


@dataclass(frozen=True)
class Admitted:
    """One active membership of a candidate."""

    member_id: UUID
    company_id: UUID
    company_name: str
    storefront: str
    """That of the company."""
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
        if kind is SubjectKind.STAFF:
            return await cls._staff(session, StaffMember.id == subject_id)
        return await cls._contact(session, Contact.id == subject_id, ~Contact.consumer)

    @classmethod
    async def _staff(cls, session: AsyncSession, which: ColumnElement[bool]) -> Self | None:
        row = (
            await session.execute(
                select(StaffMember.id, StaffMember.until, Credential.password_hash)
                .outerjoin(Credential, Credential.subject_id == StaffMember.id)
                .where(which, StaffMember.active)
            )
        ).first()
        return cls(SubjectKind.STAFF, row.id, row.password_hash, verified=True, until=row.until) if row else None

    @classmethod
    async def _contact(cls, session: AsyncSession, *which: ColumnElement[bool]) -> Self | None:
        row = (
            await session.execute(
                select(Contact.id, Contact.verified_at, Credential.password_hash)
                .outerjoin(Credential, Credential.subject_id == Contact.id)
                .where(*which, Contact.kind == ContactKind.REGISTERED)
                .order_by(Contact.consumer.desc())
                .limit(1)
            )
        ).first()
        return cls(SubjectKind.MEMBER, row.id, row.password_hash, row.verified_at is not None) if row else None

    @classmethod
    async def by_address(cls, session: AsyncSession, kind: SubjectKind, email: str) -> Self | None:
        if kind is SubjectKind.STAFF:
            return await cls._staff(session, StaffMember.email == email)
        return await cls._contact(session, Contact.email == email, ~Contact.consumer)

    @classmethod
    async def of_consumer(cls, session: AsyncSession, kind: SubjectKind, email: str) -> Self | None:
        """His account as a consumer, or the one that serves for both (ID-08)."""
        return await cls._contact(session, Contact.email == email)

    async def memberships(self, session: AsyncSession) -> list[Admitted]:
        """Oldest first."""
        rows = await session.execute(
            select(
                Member.id.label("member_id"),
                Member.company_id,
                Company.legal_name.label("company_name"),
                Company.storefront,
                Company.groups,
                Company.status,
                Company.with_account_access,
            )
            .join(Company, Company.id == Member.company_id)
            .where(Member.contact_id == self.subject_id, Member.active)
            .order_by(Member.added_at, Member.id)
        )
        return [Admitted(**{**row, "groups": tuple(row["groups"])}) for row in rows.mappings()]


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


async def refusal_of_membership(
    session: AsyncSession, admitted: Admitted, storefront: str | None
) -> DomainError | None:
    """By the status of the company and what the merchant's table allows, and by who may enter the storefront (ID-19).

    Args:
        storefront: None: that of the company.
    """
    if not admitted.with_account_access:
        return Forbidden("company-without-account-access", "Nobody signs in for this company.")
    if not (await status_table(session)).allows(admitted.status, Capability.LOG_IN):
        code = refusal_code(admitted.status)
        return Forbidden(code, "The company may not sign in.", facts={"customer_status": admitted.status.value})
    entered = storefront or admitted.storefront
    return await refusal_of_entry(session, entered, admitted.groups, own=entered == admitted.storefront)
