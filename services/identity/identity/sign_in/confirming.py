"""The present password asked again, before something about the account is changed (ID-23)."""

from dataclasses import dataclass
from datetime import datetime

from chassis.database import Database
from chassis.errors import Unauthenticated
from identity.sign_in.admission import Candidate
from identity.sign_in.ending import OwnSession
from identity.sign_in.passwords import Passwords
from identity.sign_in.throttling import Tried, account_key, count_attempt, forget_failures, throttled


@dataclass(frozen=True)
class Confirmation:
    """Whoever acts in this session says the password of its person."""

    of: OwnSession
    password: str
    network: str

    @property
    def account(self) -> bytes:
        """What failures are counted under."""
        return account_key(Tried.CONFIRMATION, self.of.kind, self.of.subject_id)


async def confirm_password(database: Database, passwords: Passwords, said: Confirmation, at: datetime) -> str:
    """The hash that it was verified by.

    Raises:
        TooManyRequests: after failures, for a while.
        Unauthenticated: `password-wrong`.
    """
    async with database.transaction() as session:
        wait = await count_attempt(session, said.account, said.network, at)
        candidate = None if wait else await Candidate.of(session, said.of.kind, said.of.subject_id)
    if wait:
        raise throttled(wait)
    known_hash = candidate.password_hash if candidate else None
    if not await passwords.verify(known_hash, said.password) or known_hash is None:
        raise Unauthenticated("password-wrong", "The password is not right.")
    async with database.transaction() as session:
        await forget_failures(session, said.account, said.network, at)
    return known_hash
