"""The only writers of staff. All hold `lock_staff`: somebody remains who may manage staff, also when two leave at once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Invalid, NotFound, Problem
from chassis.http.etag import check_version
from chassis.ids import new_id
from contracts.identity.values import StaffPermission
from contracts.shared.values import Code, Language
from identity.sign_in.commands import SetPassword, set_password
from identity.sign_in.ending import end_sessions
from identity.sign_in.models import EndedBecause, SignInSession, SubjectKind
from identity.sign_in.passwords import PasswordHash
from identity.staff.models import ADMINISTRATOR, StaffGrant, StaffMember, lock_staff
from identity.staff.policies import staff_roles

FIRST_LINK_LIFE = timedelta(days=3)
"""Of the link by which a new one chooses his password; who comes too late asks for another."""


@dataclass(frozen=True)
class StaffTerms:
    """What somebody of the staff is to be."""

    role: Code
    permissions: Collection[StaffPermission] | None = None
    """None: the role's own."""
    representative: Code | None = None
    organisation: str | None = None
    until: datetime | None = None


async def granted(session: AsyncSession, terms: StaffTerms, at: datetime) -> StaffGrant:
    """What these terms come to; the caller holds the lock of the staff.

    Raises:
        Invalid: `role-unknown`, `external-without-end`, `until-past`.
    """
    role = (await staff_roles(session)).get(terms.role)
    if role is None:
        raise _invalid("/role", "role-unknown", "There is no such role.")
    if (terms.organisation is None) != (terms.until is None):
        raise _invalid(
            "/until", "external-without-end", "An external has an organisation and an end; others have neither."
        )
    if terms.until is not None and terms.until <= at:
        raise _invalid("/until", "until-past", "The end lies in the future.")
    named = role.permissions if terms.permissions is None else frozenset(terms.permissions)
    permissions = role.permissions if terms.role == ADMINISTRATOR else named
    return StaffGrant(terms.role, frozenset(permissions), terms.representative, terms.organisation, terms.until)


def _invalid(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid(code, detail, problems=[Problem(pointer, code, detail)])


@dataclass(frozen=True)
class AddStaff:
    name: str
    email: str
    """Normalised."""
    password_hash: PasswordHash | None
    """None: he is mailed a link to choose one."""
    terms: StaffTerms
    added_by: UUID | None = None
    language: Language = Language.ENGLISH


async def add_staff(session: AsyncSession, command: AddStaff, at: datetime) -> StaffMember:
    """
    Raises:
        Conflict: one of this address is there already.
        Invalid: as `granted` says.
    """
    await lock_staff(session)
    if await session.scalar(select(StaffMember.id).where(StaffMember.email == command.email)):
        raise Conflict("staff-exists", "One of the staff has this address already.")
    member = StaffMember(
        id=new_id(),
        name=command.name,
        email=command.email,
        active=True,
        language=command.language,
        added_at=at,
        added_by=command.added_by,
        link_issue=0,
    )
    member.grant = await granted(session, command.terms, at)
    session.add(member)
    member.add()
    if command.password_hash is None:
        member.issue_link(at, FIRST_LINK_LIFE)
    else:
        await set_password(session, SetPassword(member.id, command.password_hash), at)
    return member


async def bootstrap_staff(session: AsyncSession, command: AddStaff, at: datetime) -> StaffMember | None:
    """The very first one. None: it is the one that is there.

    Raises:
        Conflict: there is staff already, so it adds further staff over HTTP.
    """
    await lock_staff(session)
    if await session.scalar(select(StaffMember.id).where(StaffMember.email == command.email)):
        return None
    if await session.scalar(select(func.count()).select_from(StaffMember)):
        raise Conflict("staff-bootstrapped", "There is staff already; it adds further staff over HTTP.")
    return await add_staff(session, command, at)


@dataclass(frozen=True)
class ChangeStaff:
    staff_id: UUID
    if_match: str
    terms: StaffTerms


async def change_staff(session: AsyncSession, command: ChangeStaff, at: datetime) -> StaffMember:
    """Another role, other permissions, another end; in identity at once, elsewhere with the next token.

    Raises:
        NotFound, StaleVersion.
        Invalid: as `granted` says.
        Conflict: he is the last who may manage staff.
    """
    member = await lock_one(session, command.staff_id)
    check_version(command.if_match, member.sequence)
    grant = await granted(session, command.terms, at)
    if not grant.manages_staff_for_good:
        await _leave_one_who_manages_staff(session, member)
    member.change(grant)
    return member


async def deactivate_staff(session: AsyncSession, staff_id: UUID, at: datetime) -> StaffMember:
    """His sessions end, and so does what his tokens open here. Deactivated already: nothing happens.

    Raises:
        NotFound.
        Conflict: he is the last who may manage staff.
    """
    member = await lock_one(session, staff_id)
    await _leave_one_who_manages_staff(session, member)
    if member.deactivate():
        of_his = and_(SignInSession.kind == SubjectKind.STAFF, SignInSession.subject_id == member.id)
        await end_sessions(session, of_his, EndedBecause.REVOKED, at)
    return member


async def reactivate_staff(session: AsyncSession, staff_id: UUID, at: datetime) -> StaffMember:
    """
    Raises:
        NotFound.
        Conflict: `access-ended`: an external whose time is over is given another end first.
    """
    member = await lock_one(session, staff_id)
    if member.until is not None and member.until <= at:
        raise Conflict("access-ended", "His time is over; give him another end first.")
    member.reactivate()
    return member


async def end_externals(session: AsyncSession, at: datetime) -> None:
    """Whose time is over is deactivated; since that moment nothing opened to him."""
    await lock_staff(session)
    over = await session.scalars(select(StaffMember.id).where(StaffMember.active, StaffMember.until <= at))
    for staff_id in over.all():
        await deactivate_staff(session, staff_id, at)


async def lock_one(session: AsyncSession, staff_id: UUID) -> StaffMember:
    """
    Raises:
        NotFound: there is none, or he was erased.
    """
    member = await lock_one_even_erased(session, staff_id)
    if member.is_erased:
        raise NotFound
    return member


async def lock_one_even_erased(session: AsyncSession, staff_id: UUID) -> StaffMember:
    """
    Raises:
        NotFound.
    """
    await lock_staff(session)
    member = await session.scalar(select(StaffMember).where(StaffMember.id == staff_id).with_for_update())
    if member is None:
        raise NotFound
    return member


async def _leave_one_who_manages_staff(session: AsyncSession, member: StaffMember) -> None:
    """
    Raises:
        Conflict: this one is the last.
    """
    if not (member.active and member.grant.manages_staff_for_good):
        return
    others = await session.scalars(select(StaffMember).where(StaffMember.active, StaffMember.id != member.id))
    if not any(other.grant.manages_staff_for_good for other in others):
        raise Conflict("last-staff-manager", "Somebody of the team remains who may manage staff.")
