"""Guessing codes is slowed down as guessing passwords is, with counters of its own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database
from identity.sign_in.models import SubjectKind
from identity.sign_in.throttling import Tried, account_key, count_attempt, forget_failures, throttled


async def count_code(database: Database, kind: SubjectKind, subject_id: UUID, network: str, at: datetime) -> None:
    """Counts it as failed until it succeeds. Whoever guesses far away does not slow down the networks of the person.

    Raises:
        TooManyRequests: too many failed.
    """
    async with database.transaction() as session:
        wait = await count_attempt(session, _account(kind, subject_id), network, at)
    if wait:
        raise throttled(wait)


def _account(kind: SubjectKind, subject_id: UUID) -> bytes:
    """Apart from passwords: the network of who knows the password alone is not known here."""
    return account_key(Tried.CODE, kind, subject_id)


async def forget_code_failures(
    session: AsyncSession, kind: SubjectKind, subject_id: UUID, network: str, at: datetime
) -> None:
    """The code was right: this network is his."""
    await forget_failures(session, _account(kind, subject_id), network, at)
