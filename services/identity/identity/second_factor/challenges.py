"""Sign-ins whose password was right and which await a code: the only writer of challenges.

A challenge opens nothing but its own completion: no service takes it for a token.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Unauthenticated
from identity.second_factor.commands import has_factor
from identity.second_factor.models import Challenge
from identity.second_factor.policies import SecondFactorPolicy, Use, use_for
from identity.sign_in.models import Entrant

CHALLENGE_LIFE = timedelta(minutes=10)


class Next(StrEnum):
    """What is still needed for a session."""

    CODE = "code"
    ENROL = "enrol"
    """He has no second factor, and gets no further without one."""


@dataclass(frozen=True)
class Challenged:
    """The token is known to nobody else."""

    token: str
    next: Next


async def next_step(session: AsyncSession, current: SecondFactorPolicy, entrant: Entrant) -> Next | None:
    """What is needed beside the right password; None: nothing."""
    if await has_factor(session, entrant.subject_id):
        return Next.CODE
    required = await use_for(session, current, entrant.kind, entrant.member_id) is Use.REQUIRED
    return Next.ENROL if required else None


async def challenge(session: AsyncSession, entrant: Entrant, needed: Next, at: datetime) -> Challenged:
    """Instead of a session."""
    token = secrets.token_urlsafe(32)
    enrols, expires_at = needed is Next.ENROL, at + CHALLENGE_LIFE
    session.add(Challenge(token_hash=_digest(token), **vars(entrant), enrols=enrols, expires_at=expires_at))
    return Challenged(token, needed)


async def challenge_of(session: AsyncSession, token: str, at: datetime, *, lock: bool = False) -> Challenge:
    """
    Raises:
        Unauthenticated: `challenge-invalid`: unknown, used or too old.
    """
    found = await session.get(Challenge, _digest(token), with_for_update=lock or None)
    if found is None or at >= found.expires_at:
        raise Unauthenticated("challenge-invalid", "Sign in again.")
    return found


async def forget_challenges(session: AsyncSession, subject_id: UUID) -> None:
    """What began with a password ends with it."""
    await session.execute(delete(Challenge).where(Challenge.subject_id == subject_id))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
