"""The only writers of members. Whoever takes an administrator away locks the company row first (ID-16)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Forbidden
from chassis.http.etag import check_version
from chassis.ids import new_id
from contracts.identity.status_table import refusal_code
from contracts.identity.values import Capability, Permission
from contracts.shared.values import Code, Money
from identity.companies.models import Company
from identity.contacts.models import Contact
from identity.locations.commands import check_locations
from identity.members.grants import Grant, Granter, MemberTerms, granted
from identity.members.locking import lock_member
from identity.members.models import Member
from identity.members.substitution import end_substitutions_by
from identity.policies import status_table


@dataclass(frozen=True)
class AddMember:
    company_id: UUID
    contact_id: UUID
    grant: Grant


async def add_member(session: AsyncSession, command: AddMember, at: datetime) -> Member:
    """Makes a contact a member; the caller holds the lock of the company.

    Raises:
        Conflict: it is one already.
    """
    if existing := await active_member(session, command.company_id, command.contact_id):
        raise Conflict("already-member", "This person is a member already.", facts={"member_id": str(existing.id)})
    member = Member(
        id=new_id(),
        company_id=command.company_id,
        contact_id=command.contact_id,
        active=True,
        added_at=at,
        **vars(command.grant),
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
    if_match: str
    role: Code | None = None
    permissions: Collection[Permission] | None = None
    always_attested: bool | None = None
    limits: frozenset[str] = frozenset()
    """Which of the two limits, and whether the `locations`, this changes."""
    limit_per_order: Money | None = None
    limit_per_month: Money | None = None
    locations: frozenset[UUID] | None = None
    """Changed where `limits` says so."""
    granter: Granter | None = None


async def edit_member(session: AsyncSession, command: EditMember) -> Member:
    """Changes role, permissions and conditions. A new role brings its own permissions where none are named.

    Raises:
        NotFound, Forbidden, StaleVersion.
        Invalid: `role-unknown`, `location-unknown`; an administrator that does not manage members.
        Conflict: it was removed, or it is the last administrator.
    """
    company, member = await lock_member(session, command.member_id, command.company_id)
    check_version(command.if_match, member.sequence)
    held = member.grant
    given = await _given(session, company, held, command)
    locations = command.locations if "locations" in command.limits else held.locations
    if command.granter:
        command.granter.check(given.permissions, administers=held.administers or given.administers)
        command.granter.check_locations(held.locations)
        command.granter.check_locations(locations)
    if locations != held.locations:
        await check_locations(session, company.id, locations)
    if not given.administers:
        await leave_an_administrator(session, company, member)
    member.edit(
        replace(
            given,
            always_attested=held.always_attested if command.always_attested is None else command.always_attested,
            limit_per_order=command.limit_per_order if "limit_per_order" in command.limits else held.limit_per_order,
            limit_per_month=command.limit_per_month if "limit_per_month" in command.limits else held.limit_per_month,
            locations=locations,
        )
    )
    if not member.attests:
        await end_substitutions_by(session, member)
    return member


async def _given(session: AsyncSession, company: Company, held: Grant, command: EditMember) -> Grant:
    """With the role and the permissions that the command names."""
    if command.role and command.role != held.role:
        return await granted(session, company.id, MemberTerms(command.role, command.permissions))
    return held if command.permissions is None else replace(held, permissions=frozenset(command.permissions))


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
    company, member = await lock_member(session, command.member_id, command.company_id)
    if command.granter:
        command.granter.check(administers=member.administers)
        command.granter.check_locations(member.locations)
    await leave_an_administrator(session, company, member)
    member.remove(at=at)
    await end_substitutions_by(session, member)
    return member


async def leave_an_administrator(session: AsyncSession, company: Company, member: Member) -> None:
    """A company with account access always has an administrator (ID-16); the caller holds the lock of the company.

    Raises:
        Conflict: this member is the last.
    """
    if not (company.with_account_access and member.active and member.administers):
        return
    others = await session.scalar(
        select(func.count())
        .select_from(Member)
        .where(
            Member.company_id == company.id,
            Member.administers,
            Member.active,
            Member.id != member.id,
        )
    )
    if not others:
        raise Conflict("last-administrator", "A company keeps at least one administrator.")
