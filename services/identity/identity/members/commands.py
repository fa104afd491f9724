"""The only writers of members. Whoever takes an administrator away locks the company row first (ID-16)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Forbidden, NotFound
from chassis.http.etag import check_version
from chassis.ids import new_id
from contracts.identity.status_table import refusal_code
from contracts.identity.values import Capability, Permission, Role
from contracts.shared.values import Money
from identity.companies.commands import lock_company
from identity.companies.models import Company
from identity.contacts.models import Contact
from identity.members.models import Member
from identity.members.permissions import check_may_grant, permissions_of
from identity.policies import status_table


@dataclass(frozen=True)
class Granter:
    """The member who manages members; None in its place is the merchant's staff, who may grant anything."""

    role: Role
    permissions: frozenset[Permission]

    def check(self, role: Role, permissions: frozenset[Permission]) -> None:
        """
        Raises:
            Forbidden: he would give more than he may.
        """
        check_may_grant(self.role, self.permissions, role=role, permissions=permissions)


@dataclass(frozen=True)
class MemberTerms:
    """What somebody is to be in a company, and who says so."""

    role: Role
    permissions: Collection[Permission] | None = None
    """None: the role's own."""
    always_attested: bool = False
    limit_per_order: Money | None = None
    limit_per_month: Money | None = None
    granter: Granter | None = None

    def granted(self) -> frozenset[Permission]:
        """The permissions.

        Raises:
            Invalid: an administrator that does not manage members.
            Forbidden: the granter gives more than he may.
        """
        permissions = permissions_of(self.role, self.permissions)
        if self.granter:
            self.granter.check(self.role, permissions)
        return permissions


@dataclass(frozen=True)
class AddMember:
    company_id: UUID
    contact_id: UUID
    terms: MemberTerms = MemberTerms(Role.ADMINISTRATOR)


async def add_member(session: AsyncSession, command: AddMember, at: datetime) -> Member:
    """Makes a contact a member; the caller holds the lock of the company.

    Raises:
        Conflict: it is one already.
        Forbidden: the granter gives more than he may.
    """
    terms = command.terms
    permissions = terms.granted()
    if existing := await active_member(session, command.company_id, command.contact_id):
        raise Conflict("already-member", "This person is a member already.", facts={"member_id": str(existing.id)})
    member = Member(
        id=new_id(),
        company_id=command.company_id,
        contact_id=command.contact_id,
        role=terms.role,
        permissions=permissions,
        always_attested=terms.always_attested,
        limit_per_order=terms.limit_per_order,
        limit_per_month=terms.limit_per_month,
        active=True,
        added_at=at,
    )
    session.add(member)
    member.add()
    return member


async def check_may_invite(session: AsyncSession, company: Company, granter: Granter | None) -> None:
    """A member brings others in only while his company's status allows it; staff always may.

    Raises:
        Conflict: `company-without-account-access`.
        Forbidden: by the status.
    """
    company.require_account_access()
    if granter and not (await status_table(session)).allows(company.status, Capability.INVITE_MEMBERS):
        code = refusal_code(company.status)
        raise Forbidden(code, "The company may not invite members.", facts={"customer_status": company.status.value})


async def member_of_address(session: AsyncSession, company_id: UUID, email: str) -> UUID | None:
    """The active member whose contact has this normalised address; one person may be several contacts."""
    found: UUID | None = await session.scalar(
        select(Member.id)
        .join(Contact, Contact.id == Member.contact_id)
        .where(Member.company_id == company_id, Member.active, Contact.email == email)
        .limit(1)
    )
    return found


async def active_member(session: AsyncSession, company_id: UUID, contact_id: UUID) -> Member | None:
    """The contact's present membership of this company, locked."""
    found = select(Member).where(Member.company_id == company_id, Member.contact_id == contact_id, Member.active)
    return await session.scalar(found.with_for_update())


@dataclass(frozen=True)
class EditMember:
    """What is None stays as it is, except a limit, which None takes away where `limits` says so."""

    member_id: UUID
    company_id: UUID | None
    """The only company in which to look; None: staff."""
    role: Role | None = None
    permissions: Collection[Permission] | None = None
    always_attested: bool | None = None
    if_match: str | None = None
    limits: frozenset[str] = frozenset()
    """Which of the two limits this changes."""
    limit_per_order: Money | None = None
    limit_per_month: Money | None = None
    granter: Granter | None = None


async def edit_member(session: AsyncSession, command: EditMember) -> Member:
    """Changes role, permissions and conditions. A new role brings its own permissions where none are named.

    Raises:
        NotFound, Forbidden, StaleVersion.
        Conflict: it was removed, or it is the last administrator.
    """
    company, member = await _lock(session, command.member_id, command.company_id)
    check_version(command.if_match, member.sequence)
    role = command.role or member.role
    named = command.permissions
    permissions = member.permissions if named is None and role is member.role else permissions_of(role, named)
    if command.granter:
        command.granter.check(member.role, permissions)
        command.granter.check(role, permissions)
    if role is not Role.ADMINISTRATOR:
        await _leave_an_administrator(session, company, member)
    member.edit(
        role=role,
        permissions=permissions,
        always_attested=member.always_attested if command.always_attested is None else command.always_attested,
        limit_per_order=command.limit_per_order if "limit_per_order" in command.limits else member.limit_per_order,
        limit_per_month=command.limit_per_month if "limit_per_month" in command.limits else member.limit_per_month,
    )
    return member


@dataclass(frozen=True)
class RemoveMember:
    member_id: UUID
    company_id: UUID | None
    granter: Granter | None = None


async def remove_member(session: AsyncSession, command: RemoveMember, at: datetime) -> Member:
    """
    Raises:
        NotFound, Forbidden.
        Conflict: it is the last administrator.
    """
    company, member = await _lock(session, command.member_id, command.company_id)
    if command.granter:
        command.granter.check(member.role, frozenset())
    await _leave_an_administrator(session, company, member)
    member.remove(at=at)
    return member


async def _lock(session: AsyncSession, member_id: UUID, company_id: UUID | None) -> tuple[Company, Member]:
    """The company row first: two administrators that demote each other wait for one another."""
    found = select(Member.company_id).where(Member.id == member_id)
    owner = await session.scalar(found if company_id is None else found.where(Member.company_id == company_id))
    if owner is None:
        raise NotFound
    company = await lock_company(session, owner)
    member = await session.scalar(select(Member).where(Member.id == member_id).with_for_update())
    assert member is not None
    return company, member


async def _leave_an_administrator(session: AsyncSession, company: Company, member: Member) -> None:
    """A company with account access always has an administrator (ID-16)."""
    if not (company.with_account_access and member.active and member.role is Role.ADMINISTRATOR):
        return
    others = await session.scalar(
        select(func.count())
        .select_from(Member)
        .where(
            Member.company_id == company.id,
            Member.role == Role.ADMINISTRATOR,
            Member.active,
            Member.id != member.id,
        )
    )
    if not others:
        raise Conflict("last-administrator", "A company keeps at least one administrator.")
