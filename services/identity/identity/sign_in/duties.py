"""What comes due by the clock alone: keys to rotate, sessions and attempts to forget."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.housekeeping import Duty
from chassis.keys import Signer
from chassis.service import Resources
from identity.external_sign_in.models import ExternalAttempt
from identity.second_factor.models import Challenge
from identity.sign_in.models import SignInLink, SignInSession
from identity.sign_in.throttling import FORGOTTEN_AFTER, KNOWN_FOR, KnownNetwork, SignInAttempts

KEPT_AFTER_END = timedelta(days=30)
"""Sessions and links, so that a token that comes late is still recognised."""


def duties(resources: Resources) -> list[Duty]:
    signer: Signer = resources[Signer]

    async def rotate_keys(session: AsyncSession, at: datetime) -> None:
        await signer.rotate_if_due(session, at)

    return [rotate_keys, forget]


async def forget(session: AsyncSession, at: datetime) -> None:
    """Refresh tokens go with their session."""
    await session.execute(delete(SignInSession).where(SignInSession.expires_at < at - KEPT_AFTER_END))
    await session.execute(delete(SignInSession).where(SignInSession.ended_at < at - KEPT_AFTER_END))
    await session.execute(delete(SignInLink).where(SignInLink.expires_at < at - KEPT_AFTER_END))
    await session.execute(delete(SignInAttempts).where(SignInAttempts.last_at < at - FORGOTTEN_AFTER))
    await session.execute(delete(KnownNetwork).where(KnownNetwork.last_at < at - KNOWN_FOR))
    await session.execute(delete(ExternalAttempt).where(ExternalAttempt.expires_at < at))
    await session.execute(delete(Challenge).where(Challenge.expires_at < at))
