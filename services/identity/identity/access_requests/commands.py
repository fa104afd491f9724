"""The only writers of requests for access."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import NotFound
from chassis.ids import new_id
from chassis.outbox import forget_states
from chassis.policies import policy
from contracts.identity.topics import CONTACT_STATE
from contracts.identity.values import AccessRefusal
from contracts.shared.values import Language
from identity.access_requests.models import AccessRequest, AccessRequestStatus
from identity.access_requests.policies import AccessRequestPolicy
from identity.sign_in.throttling import Tried, account_key, count_attempt, throttled
from identity.staff.commands import AddStaff, StaffTerms, add_staff
from identity.staff.models import StaffMember


@dataclass(frozen=True)
class RequestAccess:
    name: str
    email: str
    """Normalised."""
    organisation: str
    wanted_role: str
    reason: str
    language: Language
    network: str


async def request_access(session: AsyncSession, command: RequestAccess, at: datetime) -> None:
    """Nothing happens where one of the staff has this address, or a request of it is open. Who asked learns nothing of it.

    Raises:
        TooManyRequests: many came from this network.
    """
    if wait := await count_attempt(session, account_key(Tried.ACCESS_REQUEST, command.network), command.network, at):
        raise throttled(wait)
    one_by_one = func.pg_advisory_xact_lock(func.hashtextextended(f"access request {command.email}", 0))
    await session.execute(select(one_by_one))
    known = select(StaffMember.id).where(StaffMember.email == command.email, StaffMember.active)
    asked = select(AccessRequest.id).where(
        AccessRequest.email == command.email, AccessRequest.status == AccessRequestStatus.OPEN
    )
    if await session.scalar(known) or await session.scalar(asked):
        return
    request = AccessRequest(
        id=new_id(),
        name=command.name,
        email=command.email,
        organisation=command.organisation,
        wanted_role=command.wanted_role,
        reason=command.reason,
        language=command.language,
        status=AccessRequestStatus.OPEN,
        requested_at=at,
    )
    session.add(request)
    request.submit()


@dataclass(frozen=True)
class GrantAccess:
    request_id: UUID
    terms: StaffTerms
    """An external's organisation is the one that he named, where none is."""
    by: UUID


async def grant_access(session: AsyncSession, command: GrantAccess, at: datetime) -> StaffMember:
    """He becomes one of the staff, and is mailed a link to choose his password.

    Raises:
        NotFound.
        Conflict: it is decided already; one of the staff has this address.
        Invalid: the terms can not be.
    """
    request = await _lock(session, command.request_id)
    request.require_open()
    person = AddStaff(request.name, request.email, None, command.terms, command.by, request.language)
    added = await add_staff(session, person, at)
    request.grant(added.id, by=command.by, at=at)
    return added


async def refuse_access(
    session: AsyncSession, request_id: UUID, reason: AccessRefusal, by: UUID, at: datetime
) -> AccessRequest:
    """
    Raises:
        NotFound.
        Conflict: it is granted already, or lapsed.
    """
    request = await _lock(session, request_id)
    request.refuse(reason, by=by, at=at)
    return request


async def erase_requests(session: AsyncSession, at: datetime) -> None:
    """Whose time is over, by policy."""
    before = at - (await policy(session, AccessRequestPolicy)).kept_for
    await _erase(session, func.coalesce(AccessRequest.decided_at, AccessRequest.requested_at) <= before, at)


async def erase_requests_of(session: AsyncSession, member: StaffMember, at: datetime) -> None:
    """By which he became one of the staff, and others from his address (ID-27)."""
    await _erase(session, or_(AccessRequest.staff_id == member.id, AccessRequest.email == member.email), at)


async def _erase(session: AsyncSession, which: ColumnElement[bool], at: datetime) -> None:
    found = select(AccessRequest).where(which, AccessRequest.erased_at.is_(None)).order_by(AccessRequest.id)
    for request in (await session.scalars(found.with_for_update())).all():
        request.erase(at)
        await forget_states(session, CONTACT_STATE, request.key)


async def _lock(session: AsyncSession, request_id: UUID) -> AccessRequest:
    request = await session.scalar(select(AccessRequest).where(AccessRequest.id == request_id).with_for_update())
    if request is None:
        raise NotFound
    return request
