"""Links by which one of the staff chooses his password: asked for by himself, by a colleague, or with his account (ID-21)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.errors import Conflict, Invalid
from contracts.identity.values import LinkPurpose
from identity.second_factor.challenges import forget_challenges
from identity.sign_in.commands import INVALID_LINK, NOT_AGAIN_WITHIN, SetPassword, UseLink, has_password, set_password
from identity.sign_in.ending import end_sessions
from identity.sign_in.models import LINK_LIFE, EndedBecause, SignInSession
from identity.sign_in.passwords import PasswordHash
from identity.staff.commands import lock_one
from identity.staff.models import StaffMember


async def request_link_of(session: AsyncSession, email: str, at: datetime) -> None:
    """Somebody asked for this normalised address. Who asked learns nothing from the answer."""
    member = await session.scalar(select(StaffMember).where(StaffMember.email == email).with_for_update())
    if member is None or not member.may_sign_in(at):
        return
    if member.link_issued_at is None or at - member.link_issued_at >= NOT_AGAIN_WITHIN:
        member.issue_link(at, LINK_LIFE[LinkPurpose.RESET])


async def mail_link(session: AsyncSession, staff_id: UUID, at: datetime) -> None:
    """By a colleague. His password stays until he has chosen another.

    Raises:
        NotFound.
        Conflict: `staff-deactivated`: he may not sign in.
    """
    member = await lock_one(session, staff_id)
    if not member.may_sign_in(at):
        raise Conflict("staff-deactivated", "He may not sign in.")
    member.issue_link(at, LINK_LIFE[LinkPurpose.RESET])


@dataclass(frozen=True)
class Holder:
    """Who a link was mailed to."""

    staff_id: UUID
    issue: int
    name: str
    email: str


async def holder_of(connection: AsyncConnection | AsyncSession, link: UseLink) -> Holder:
    """Whether it was made by us for the present address; whether it is alive is seen when it is used.

    Raises:
        Invalid: it was not.
    """
    try:
        staff_id, issue = link.keys.read(link.token)
    except ValueError:
        raise Invalid(*INVALID_LINK) from None
    query = select(StaffMember.name, StaffMember.email).where(StaffMember.id == staff_id)
    row = (await connection.execute(query)).first()
    if row is None or not link.keys.verify(link.token, LinkPurpose.STAFF_PASSWORD.value, row.email):
        raise Invalid(*INVALID_LINK)
    return Holder(staff_id, issue, row.name, row.email)


async def choose_password(session: AsyncSession, link: UseLink, password_hash: PasswordHash, at: datetime) -> UUID:
    """By who reads the mail. His open sessions end, and the link is spent.

    Raises:
        Invalid: the link is not one that is alive.
    """
    holder = await holder_of(session, link)
    member = await session.get_one(StaffMember, holder.staff_id, with_for_update=True)
    if not member.spend_link(holder.issue, at):
        raise Invalid(*INVALID_LINK)
    if await has_password(session, member.id):
        member.change_password()
    await set_password(session, SetPassword(member.id, password_hash), at)
    await end_sessions(session, SignInSession.subject_id == member.id, EndedBecause.PASSWORD_CHANGED, at)
    await forget_challenges(session, member.id)
    return member.id
