"""Who decides on orders for an attester that is away (ID-14): named by himself or by who manages members, over by itself.

He decides as well, not instead: nothing is taken from who is away, who may look in, and nothing is lost if he stays longer.
Not passed on: who stands in for somebody gives nobody that right, and who is away himself stands in for nobody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Invalid, Problem
from contracts.identity.states import Substitution
from identity.members.grants import Granter
from identity.members.locking import lock_member
from identity.members.models import Member

LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class SubstituteFor:
    """
    Attributes:
        company_id: the only company in which to look; None: staff.
        substitution: None: nobody any more.
        granter: bounds who acts for another; None: he himself, or staff.
    """

    member_id: UUID
    company_id: UUID | None
    substitution: Substitution | None
    granter: Granter | None = None


async def set_substitution(session: AsyncSession, command: SubstituteFor, at: datetime) -> Member:
    """
    Raises:
        NotFound: no such member there.
        Forbidden: nobody but an administrator acts on an administrator.
        Conflict: it was removed, or may not attest itself.
        Invalid: `substitution-period`, `substitute-unknown`, `substitute-is-away`.
    """
    _, member = await lock_member(session, command.member_id, command.company_id)
    if command.granter:
        command.granter.check(administers=member.administers)
        command.granter.check_locations(member.locations)
    if command.substitution is None:
        member.end_substitution()
        return member
    if member.active and not member.attests:
        raise Conflict("member-may-not-attest", "Who may not attest orders has nobody to do it for him.")
    _check_period(command.substitution, at)
    await _check_substitute(session, member, command.substitution)
    member.name_substitute(command.substitution, at=at)
    return member


def _check_period(substitution: Substitution, at: datetime) -> None:
    if not max(substitution.since, at) < substitution.until <= substitution.since + LONGEST:
        raise _invalid("/until", "substitution-period", "It ends later than now and than it begins, within a year.")


async def _check_substitute(session: AsyncSession, member: Member, wanted: Substitution) -> None:
    """One that is of another company, was removed or may not attest is as unknown as one that does not exist."""
    substitute = await session.scalar(
        select(Member).where(Member.id == wanted.substitute_id, Member.company_id == member.company_id)
    )
    if substitute is None or not substitute.attests or substitute.contact_id == member.contact_id:
        raise _invalid("/substitute_id", "substitute-unknown", "No other member of the company who may attest.")
    own = substitute.substitution
    if own and own.since < wanted.until and wanted.since < own.until:
        raise _invalid("/substitute_id", "substitute-is-away", "He has somebody decide for himself in that time.")


def _invalid(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid(code, detail, problems=[Problem(pointer, code, detail)])


async def end_substitutions_by(session: AsyncSession, substitute: Member) -> None:
    """He left, or may not attest any more; the caller holds the lock of the company."""
    wanted = select(Member).where(Member.substitute_id == substitute.id).order_by(Member.id)
    for member in await session.scalars(wanted.with_for_update()):
        member.end_substitution()


async def note_substitutions(session: AsyncSession, at: datetime) -> None:
    """A duty: tells of those whose time has come or is over, so that orders are put to the right people.

    The right itself begins and ends to the second, wherever it is asked for. A member that is being changed waits for the
    next time.
    """
    due = or_(Member.substitute_until <= at, (Member.substitute_since <= at) & ~Member.substitution_begun)
    wanted = select(Member).where(Member.substitute_id.is_not(None), due).order_by(Member.id).limit(1000)
    for member in await session.scalars(wanted.with_for_update(skip_locked=True)):
        member.note_time(at)
