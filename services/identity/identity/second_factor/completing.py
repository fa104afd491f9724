"""From a challenge and a code to a session (ID-23).

The attempt is counted and committed before the code is looked at, as it is with passwords.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.context import act_as
from chassis.database import Database
from chassis.errors import Forbidden, Unauthenticated
from identity.second_factor.attempts import count_code, forget_code_failures
from identity.second_factor.challenges import challenge_of
from identity.second_factor.codes import SecretBox
from identity.second_factor.commands import CODE_INVALID, begin_enrolment, confirm_enrolment, use_code
from identity.second_factor.models import Challenge
from identity.sign_in.models import Entrant, SignInMeans
from identity.sign_in.rules import read_rules
from identity.sign_in.signing_in import Opened, open_for, refusal_now


@dataclass(frozen=True)
class Completion:
    challenge: str
    code: str
    network: str


@dataclass(frozen=True)
class Completed:
    opened: Opened
    recovery_codes: list[str] | None
    """Where this sign-in was the enrolment."""


async def complete(database: Database, box: SecretBox, given: Completion, at: datetime) -> Completed:
    """
    Raises:
        TooManyRequests: after failures, for a while.
        Unauthenticated: `challenge-invalid`, `code-invalid`.
        Forbidden: he may not sign in any more.
    """
    async with database.transaction() as session:
        awaited = await challenge_of(session, given.challenge, at)
        kind, subject_id = awaited.kind, awaited.subject_id
    await count_code(database, kind, subject_id, given.network, at)
    async with database.transaction() as session:
        awaited = await challenge_of(session, given.challenge, at, lock=True)
        rules = await read_rules(session)
        refusal = await refusal_now(session, rules, awaited, at)
        refusal = refusal or rules.external.refusal(kind, SignInMeans.PASSWORD)
        if refusal:
            raise refusal
        act_as(f"{kind.value}:{awaited.member_id or subject_id}")
        recovery_codes = await _take(session, box, awaited, given.code, at)
        await forget_code_failures(session, kind, subject_id, given.network, at)
        await session.delete(awaited)
        entrant = Entrant(kind, subject_id, awaited.member_id, awaited.company_id, awaited.storefront, awaited.client)
        return Completed(await open_for(session, entrant, SignInMeans.PASSWORD_AND_CODE, at), recovery_codes)


async def _take(session: AsyncSession, box: SecretBox, awaited: Challenge, code: str, at: datetime) -> list[str] | None:
    """
    Raises:
        Unauthenticated: `code-invalid`.
    """
    if awaited.enrols:
        return await confirm_enrolment(session, box, awaited.kind, awaited.subject_id, code, at)
    if not await use_code(session, box, awaited.subject_id, code, at):
        raise Unauthenticated(*CODE_INVALID)
    return None


async def enrol_by_challenge(session: AsyncSession, box: SecretBox, token: str, at: datetime) -> tuple[Challenge, str]:
    """A secret for who may not sign in without one; each asking makes another.

    Raises:
        Unauthenticated: `challenge-invalid`.
        Forbidden: `code-needed`: he has a second factor, and is to show it.
        Forbidden: he may not sign in any more.
    """
    awaited = await challenge_of(session, token, at, lock=True)
    refusal = await refusal_now(session, await read_rules(session), awaited, at)
    if refusal is None and not awaited.enrols:
        refusal = Forbidden("code-needed", "There is a second factor already; give its code.")
    if refusal:
        raise refusal
    return awaited, await begin_enrolment(session, box, awaited.subject_id, at)
