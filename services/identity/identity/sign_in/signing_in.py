"""From a password to a session, and from one access token to the next (ID-23).

Signing in takes three short transactions: the attempt is counted, the password is looked at (outside of any, since hashing
takes its time), the session is opened. Each refusal is committed before it is answered, so that it counts.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.context import act_as
from chassis.database import Database
from chassis.errors import Conflict, DomainError, Forbidden, Unauthenticated
from chassis.hot import HotStatement
from chassis.ids import new_id
from identity.second_factor.challenges import Challenged, challenge, next_step
from identity.second_factor.models import Challenge
from identity.second_factor.policies import Use, use_for
from identity.sign_in.admission import Admitted, Candidate, company_meant, refusal_of_account, refusal_of_membership
from identity.sign_in.commands import password_stands, renew_hash, verify_again
from identity.sign_in.models import (
    EndedBecause,
    Entrant,
    RefreshToken,
    SignInMeans,
    SignInSession,
    SubjectKind,
)
from identity.sign_in.passwords import Passwords
from identity.sign_in.rules import Rules, read_rules
from identity.sign_in.throttling import Tried, account_key, count_attempt, forget_failures, throttled

FindCandidate = Callable[[AsyncSession, SubjectKind, str], Awaitable[Candidate | None]]
CREDENTIALS_INVALID = ("credentials-invalid", "The address or the password is not right.")
_OPEN = HotStatement(
    """
    WITH opened AS (
        INSERT INTO sessions
            (id, kind, subject_id, member_id, company_id, storefront, client, means, opened_at, last_used_at, expires_at)
        VALUES (
            :id, :kind, :subject_id, :member_id, :company_id, :storefront, :client, :means, :opened_at, :last_used_at,
            :expires_at)
        RETURNING id, opened_at)
    INSERT INTO refresh_tokens (token_hash, session_id, issued_at) SELECT :token_hash ::bytea, id, opened_at FROM opened
    """
)
"""A session with its first refresh token."""


@dataclass(frozen=True)
class Attempt:
    """Somebody presents an address and a password."""

    kind: SubjectKind
    email: str
    """Normalised, or whatever was written, if that is no address."""
    password: str
    network: str
    company_id: UUID | None = None
    storefront: str | None = None
    client: str | None = None

    @cached_property
    def account(self) -> bytes:
        return account_key(Tried.SIGN_IN, self.kind, self.email)


@dataclass(frozen=True)
class Wanted:
    """For which company, at which storefront, and what the client says it is."""

    company_id: UUID | None
    storefront: str | None
    client: str | None


@dataclass(frozen=True)
class Opened:
    """A session and what its holder is given: the refresh token is known to nobody else."""

    session: SignInSession
    refresh_token: str


async def sign_in(database: Database, passwords: Passwords, attempt: Attempt, at: datetime) -> Opened | Challenged:
    """Opens a session, or says what else is needed for one.

    Raises:
        TooManyRequests: after failures, for a while.
        Unauthenticated: `credentials-invalid`, whether the account exists or not.
        Forbidden: `password-sign-in-off`.
        Forbidden: the password is right, but he may not: `address-not-verified`, `no-membership`, `customer-…`,
            `storefront-…`, `staff-open-no-storefront`.
        Conflict: `company-not-named`, where he is a member of several.
    """
    rules, known = await recognise(database, passwords, attempt, at, find=Candidate.by_address)
    candidate = await _with_present_costs(database, passwords, known, attempt.password)
    if candidate is None:  # somebody else was faster
        return await sign_in(database, passwords, attempt, at)
    async with database.transaction() as session:
        opened = await _admit(session, rules, candidate, attempt, at)
    if isinstance(opened, DomainError):
        raise opened
    return opened


async def _with_present_costs(
    database: Database, passwords: Passwords, known: Candidate, password: str
) -> Candidate | None:
    """The password was right: it is hashed again where the costs have changed since. None: it has another hash by now."""
    if known.password_hash is None or not passwords.is_outdated(known.password_hash):
        return known
    hashed = await passwords.hash_again(password)
    async with database.transaction() as session:
        renewed = await renew_hash(session, known.subject_id, known.password_hash, hashed)
    return replace(known, password_hash=hashed) if renewed else None


async def recognise(
    database: Database, passwords: Passwords, attempt: Attempt, at: datetime, *, find: FindCandidate
) -> tuple[Rules, Candidate]:
    """Whose password it is, and what holds for him. What follows is for `password_was_right`.

    Raises:
        TooManyRequests: after failures, for a while.
        Unauthenticated: `credentials-invalid`, whether the account exists or not.
        Forbidden: `password-sign-in-off`.
    """
    async with database.transaction() as session:
        candidate = await find(session, attempt.kind, attempt.email)
        rules = await read_rules(session)
        if refusal := rules.external.refusal(attempt.kind, SignInMeans.PASSWORD):
            raise refusal
        wait = await count_attempt(session, attempt.account, attempt.network, at)
    if wait:
        raise throttled(wait)
    known_hash = candidate.password_hash if candidate else None
    if not await passwords.verify(known_hash, attempt.password) or candidate is None:
        raise Unauthenticated(*CREDENTIALS_INVALID)
    return rules, candidate


async def password_was_right(
    session: AsyncSession, candidate: Candidate, attempt: Attempt, at: datetime
) -> DomainError | None:
    """Forgets the failures before it, if it is the password still."""
    if not await password_stands(session, candidate.subject_id, candidate.password_hash):
        return Unauthenticated(*CREDENTIALS_INVALID)
    await forget_failures(session, attempt.account, attempt.network, at)
    return None


async def _admit(
    session: AsyncSession, rules: Rules, candidate: Candidate, attempt: Attempt, at: datetime
) -> Opened | Challenged | DomainError:
    """The password was right. A refusal is an answer here, since what it leaves behind is committed."""
    if refusal := await password_was_right(session, candidate, attempt, at):
        return refusal
    wanted = Wanted(attempt.company_id, attempt.storefront, attempt.client)
    entrant = await entrant_of(session, rules, candidate, wanted, at)
    if isinstance(entrant, DomainError):
        return entrant
    needed = await next_step(session, rules.second_factor, entrant)
    if needed:
        return await challenge(session, entrant, needed, at)
    return await open_for(session, entrant, SignInMeans.PASSWORD, at)


async def entrant_of(
    session: AsyncSession, rules: Rules, candidate: Candidate, wanted: Wanted, at: datetime
) -> Entrant | DomainError:
    """Who has shown that the account is his, for the membership that he signs in for."""
    if refusal := await refusal_of_address(session, candidate, at):
        return refusal
    if candidate.kind is SubjectKind.STAFF:
        if wanted.storefront:
            return Forbidden("staff-open-no-storefront", "The merchant's staff open no storefront.")
        return Entrant(candidate.kind, candidate.subject_id, None, None, None, wanted.client)
    admitted = await _membership(session, rules, candidate, wanted)
    if isinstance(admitted, DomainError):
        return admitted
    of = admitted.member_id, admitted.company_id, admitted.enters
    return Entrant(candidate.kind, candidate.subject_id, *of, wanted.client)


async def refusal_of_address(session: AsyncSession, candidate: Candidate, at: datetime) -> DomainError | None:
    """Who has not proved his address is mailed another link."""
    refusal = refusal_of_account(candidate, at)
    if refusal and refusal.code == "address-not-verified":
        await verify_again(session, candidate.subject_id, at)
    return refusal


async def _membership(
    session: AsyncSession, rules: Rules, candidate: Candidate, wanted: Wanted
) -> Admitted | DomainError:
    """The one membership that he signs in for; refused by the status of its company, or at the storefront."""
    company_id = await company_meant(session, wanted.company_id)
    all_of_his = await candidate.memberships(session, wanted.storefront)
    memberships = [one for one in all_of_his if company_id in (None, one.company_id)]
    if not memberships:
        return Forbidden("no-membership", "You are not a member of a company here.")
    refusals = [(one, refusal_of_membership(rules, one)) for one in memberships]
    open_to = [one for one, refusal in refusals if refusal is None]
    if not open_to:
        return next(refusal for _, refusal in refusals if refusal)
    if len(open_to) > 1:
        companies = [{"company_id": str(one.company_id), "name": one.company_name} for one in open_to]
        return Conflict("company-not-named", "Name the company to sign in for.", facts={"companies": companies})
    return open_to[0]


async def open_for(session: AsyncSession, entrant: Entrant, means: SignInMeans, at: datetime) -> Opened:
    """The session of somebody who has shown all that is asked of him."""
    opened = SignInSession(
        id=new_id(),
        **vars(entrant),
        means=means,
        opened_at=at,
    )
    opened.live_on(at)
    token = secrets.token_urlsafe(32)
    await _OPEN.rows(session, {**vars(opened), "token_hash": _digest(token)})
    return Opened(opened, token)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


# -- renewal and end ---------------------------------------------------------------------------------------------------


async def renew(database: Database, token: str, at: datetime) -> Opened:
    """The next tokens of a session, for who may still sign in. Each refresh token is good once.

    Raises:
        Unauthenticated: `refresh-token-invalid`: unknown, used, or of a session that has ended.
        Forbidden: he may not sign in now; the session stays, for when he may again.
    """
    async with database.transaction() as session:
        renewed = await _renew(session, token, at)
    if isinstance(renewed, DomainError):
        raise renewed
    return renewed


async def _renew(session: AsyncSession, token: str, at: datetime) -> Opened | DomainError:
    invalid = Unauthenticated("refresh-token-invalid", "Sign in again.")
    presented = await session.get(RefreshToken, _digest(token), with_for_update=True)
    if presented is None:
        return invalid
    of = await session.get_one(SignInSession, presented.session_id, with_for_update=True)
    if presented.used_at is not None:
        of.end(EndedBecause.TOKEN_REUSED, at)
        return invalid
    if of.ended_at is not None or at >= of.expires_at:
        return invalid
    rules = await read_rules(session)
    if refusal := await refusal_now(session, rules, of, at) or await _refusal_of_means(session, rules, of):
        return refusal
    act_as(f"{of.kind.value}:{of.member_id or of.subject_id}")
    presented.used_at = at
    of.live_on(at)
    token = secrets.token_urlsafe(32)
    session.add(RefreshToken(token_hash=_digest(token), session_id=of.id, issued_at=at))
    return Opened(of, token)


async def refusal_now(
    session: AsyncSession, rules: Rules, of: SignInSession | Challenge, at: datetime
) -> DomainError | None:
    """Identity opens and renews only for who may sign in now."""
    candidate = await Candidate.of(session, of.kind, of.subject_id)
    if candidate is None:
        return Unauthenticated("refresh-token-invalid", "Sign in again.")
    if of.member_id is None:
        return refusal_of_account(candidate, at)
    memberships = await candidate.memberships(session, of.storefront)
    opened_for = (of.member_id, of.company_id)  # one that was merged meanwhile is another company: sign in again
    admitted = next((one for one in memberships if (one.member_id, one.company_id) == opened_for), None)
    if admitted is None:
        return Forbidden("member-inactive", "You are not a member of this company any more.")
    return refusal_of_account(candidate, at) or refusal_of_membership(rules, admitted)


async def _refusal_of_means(session: AsyncSession, rules: Rules, of: SignInSession) -> DomainError | None:
    """A session ends where what was shown for it is not enough any more, by policy."""
    if refusal := rules.external.refusal(of.kind, of.means):
        return refusal
    needed = await use_for(session, rules.second_factor, of.kind, of.member_id)
    if of.means is SignInMeans.PASSWORD and needed is Use.REQUIRED:
        return Forbidden("second-factor-required", "Sign in again, with a second factor.")
    return None
