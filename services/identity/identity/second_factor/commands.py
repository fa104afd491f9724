"""The only writers of second factors.

A code is looked at with the row of its factor locked, so that it is taken once, also by two requests of one moment.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Forbidden, NotFound, Unauthenticated
from chassis.hot import HotStatement
from chassis.policies import policy
from identity.second_factor.attempts import forget_code_failures
from identity.second_factor.codes import SecretBox, new_recovery_codes, new_secret, recovery_hash, step_of
from identity.second_factor.models import RecoveryCode, SecondFactor
from identity.second_factor.policies import SecondFactorPolicy, Use, use_for
from identity.sign_in.ending import OwnSession, end_sessions, others
from identity.sign_in.models import EndedBecause, SignInMeans, SignInSession, SubjectKind
from identity.sign_in.people import lock_person

CODE_INVALID = ("code-invalid", "This code is not valid, or not any more.")


async def begin_enrolment(session: AsyncSession, box: SecretBox, subject_id: UUID, at: datetime) -> str:
    """A new secret; one that was not confirmed is dead.

    Raises:
        Conflict: `second-factor-enabled`.
    """
    factor = await _locked(session, subject_id)
    if factor and factor.confirmed_at:
        raise Conflict("second-factor-enabled", "There is a second factor already; remove it first.")
    secret = new_secret()
    values = {"secret": box.seal(subject_id, secret), "begun_at": at, "last_step": 0}
    stored = insert(SecondFactor).values(subject_id=subject_id, **values)
    await session.execute(
        stored.on_conflict_do_update(
            index_elements=["subject_id"], set_=values, where=SecondFactor.confirmed_at.is_(None)
        )
    )
    return secret


async def check_offered(session: AsyncSession, kind: SubjectKind, member_id: UUID | None) -> None:
    """
    Raises:
        Forbidden: `second-factor-off`.
    """
    current = await policy(session, SecondFactorPolicy)
    if await use_for(session, current, kind, member_id) is Use.OFF:
        raise Forbidden("second-factor-off", "The merchant does not offer a second factor here.")


async def confirm_enrolment(
    session: AsyncSession, box: SecretBox, kind: SubjectKind, subject_id: UUID, code: str, at: datetime
) -> list[str]:
    """The first code makes the factor count. Returns the recovery codes, of which nobody keeps a copy.

    Raises:
        Conflict: `second-factor-enabled`, or `second-factor-not-begun`.
        Unauthenticated: `code-invalid`.
    """
    factor = await _locked(session, subject_id)
    if factor is None:
        raise Conflict("second-factor-not-begun", "Ask for a secret first.")
    if factor.confirmed_at:
        raise Conflict("second-factor-enabled", "There is a second factor already.")
    if not _take(box, factor, code, at):
        raise Unauthenticated(*CODE_INVALID)
    factor.confirmed_at = at
    codes = new_recovery_codes()
    session.add_all(RecoveryCode(subject_id=subject_id, code_hash=recovery_hash(one)) for one in codes)
    (await lock_person(session, kind, subject_id)).enable_second_factor()
    return codes


async def use_code(session: AsyncSession, box: SecretBox, subject_id: UUID, code: str, at: datetime) -> bool:
    """Takes a code of the device, or a recovery code, once."""
    factor = await _locked(session, subject_id)
    if factor is None or factor.confirmed_at is None:
        return False
    if _take(box, factor, code, at):
        return True
    spent = delete(RecoveryCode).where(
        RecoveryCode.subject_id == subject_id, RecoveryCode.code_hash == recovery_hash(code)
    )
    return (await session.scalar(spent.returning(RecoveryCode.subject_id))) is not None


async def strengthen(session: AsyncSession, own: OwnSession, network: str, at: datetime) -> None:
    """A factor was confirmed in this session: the person's other sessions, opened without it, end."""
    await forget_code_failures(session, own.kind, own.subject_id, network, at)
    (await session.get_one(SignInSession, own.id)).means = SignInMeans.PASSWORD_AND_CODE
    await end_sessions(session, others(own), EndedBecause.SECOND_FACTOR_CHANGED, at)


async def remove_own(
    session: AsyncSession, box: SecretBox, own: OwnSession, code: str, network: str, at: datetime
) -> None:
    """By who said his password and has a code. His other sessions end.

    Raises:
        NotFound: there is none.
        Unauthenticated: `code-invalid`.
    """
    if not await has_factor(session, own.subject_id):
        raise NotFound
    if not await use_code(session, box, own.subject_id, code, at):
        raise Unauthenticated(*CODE_INVALID)
    await forget_code_failures(session, own.kind, own.subject_id, network, at)
    await _remove(session, own.kind, own.subject_id)
    (await session.get_one(SignInSession, own.id)).means = SignInMeans.PASSWORD
    await end_sessions(session, others(own), EndedBecause.SECOND_FACTOR_CHANGED, at)


async def remove_of_person(session: AsyncSession, kind: SubjectKind, subject_id: UUID, by: UUID, at: datetime) -> None:
    """By staff, for who lost his device and his recovery codes; all his sessions end.

    Raises:
        Forbidden: of himself, for which a code is needed.
        NotFound: there is none.
    """
    if subject_id == by:
        raise Forbidden("not-of-oneself", "Remove your own with your password and a code, or ask a colleague.")
    if not await has_factor(session, subject_id):
        raise NotFound
    await _remove(session, kind, subject_id)
    await end_sessions(session, SignInSession.subject_id == subject_id, EndedBecause.SECOND_FACTOR_CHANGED, at)


async def _remove(session: AsyncSession, kind: SubjectKind, subject_id: UUID) -> None:
    removed = delete(SecondFactor).where(SecondFactor.subject_id == subject_id).returning(SecondFactor.subject_id)
    if await session.scalar(removed) is not None:
        (await lock_person(session, kind, subject_id)).remove_second_factor()


_HAS_FACTOR = HotStatement.of(
    select(SecondFactor.subject_id).where(
        SecondFactor.subject_id == bindparam("subject_id"), SecondFactor.confirmed_at.is_not(None)
    )
)


async def has_factor(session: AsyncSession, subject_id: UUID) -> bool:
    """One that counts."""
    return bool(await _HAS_FACTOR.rows(session, {"subject_id": subject_id}))


async def _locked(session: AsyncSession, subject_id: UUID) -> SecondFactor | None:
    return await session.get(SecondFactor, subject_id, with_for_update=True, populate_existing=True)


def _take(box: SecretBox, factor: SecondFactor, code: str, at: datetime) -> bool:
    """Of the locked factor: a code is good once, and so are those before it."""
    step = step_of(box.open(factor.subject_id, factor.secret), code, at=at, after=factor.last_step)
    if step is None:
        return False
    factor.last_step = step
    return True
