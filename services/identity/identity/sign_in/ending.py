"""How sessions end: by sign-out, or revoked by whom they may be revoked (ID-23).

From then on no refresh token of the session is taken. An access token that is out lives for the rest of its few minutes
(`ACCESS_TOKEN_LIFE`), since every service verifies it by itself.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import NotFound
from identity.members.grants import Granter
from identity.members.models import Member
from identity.sign_in.models import EndedBecause, SignInSession, SubjectKind


@dataclass(frozen=True)
class OwnSession:
    """The session in which somebody acts, while it is open."""

    id: UUID
    kind: SubjectKind
    subject_id: UUID
    member_id: UUID | None


async def sign_out(session: AsyncSession, session_id: UUID, at: datetime) -> None:
    """Ends a session that is open."""
    await end_sessions(session, SignInSession.id == session_id, EndedBecause.SIGNED_OUT, at)


async def end_sessions(
    session: AsyncSession, which: ColumnElement[bool], because: EndedBecause, at: datetime
) -> list[UUID]:
    """Those of them that were open. A renewal at the same moment waits, or its new token is dead too."""
    ended = await session.scalars(
        update(SignInSession)
        .where(which, SignInSession.ended_at.is_(None))
        .values(ended_at=at, ended_because=because)
        .returning(SignInSession.id)
    )
    return list(ended)


def others(of: OwnSession) -> ColumnElement[bool]:
    """All sessions of the person but this one, for whatever company they were opened."""
    return and_(SignInSession.subject_id == of.subject_id, SignInSession.id != of.id)


async def revoke_own(session: AsyncSession, by: OwnSession, session_id: UUID, at: datetime) -> None:
    """One of his own; ended already: nothing happens.

    Raises:
        NotFound: it is not his.
    """
    owner = await session.scalar(select(SignInSession.subject_id).where(SignInSession.id == session_id))
    if owner != by.subject_id:
        raise NotFound
    await end_sessions(session, SignInSession.id == session_id, EndedBecause.REVOKED, at)


@dataclass(frozen=True)
class RevokeOfMember:
    member_id: UUID
    company_id: UUID | None
    """The only company in which to look; None: staff."""
    granter: Granter | None


async def revoke_of_member(session: AsyncSession, command: RevokeOfMember, at: datetime) -> None:
    """Those opened for this membership; the person's sessions for other companies are not this company's.

    Raises:
        NotFound.
        Forbidden: nobody but an administrator acts on an administrator.
    """
    found = select(Member.administers).where(Member.id == command.member_id)
    if command.company_id is not None:
        found = found.where(Member.company_id == command.company_id)
    administers = await session.scalar(found)
    if administers is None:
        raise NotFound
    if command.granter:
        command.granter.check(administers=administers)
    await end_sessions(session, SignInSession.member_id == command.member_id, EndedBecause.REVOKED, at)


async def revoke_of_person(session: AsyncSession, kind: SubjectKind, subject_id: UUID, at: datetime) -> None:
    """All of a contact or of one of the staff. Whether there is such a person is not asked."""
    of_person = and_(SignInSession.kind == kind, SignInSession.subject_id == subject_id)
    await end_sessions(session, of_person, EndedBecause.REVOKED, at)
