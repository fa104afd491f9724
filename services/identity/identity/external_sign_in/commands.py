"""The only writers of attempts and of links between logins at the issuer and accounts here."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.context import act_as
from chassis.database import Database
from chassis.errors import Conflict, DomainError, Forbidden, Unauthenticated
from chassis.policies import EVERYWHERE, PolicyVersion, policy, policy_name, set_policy
from identity.external_sign_in.id_token import ExternalIdentity
from identity.external_sign_in.issuer import INVALID, Issuer
from identity.external_sign_in.models import ExternalAttempt, ExternalLogin
from identity.external_sign_in.policies import ExternalSignInPolicy
from identity.sign_in.admission import Candidate
from identity.sign_in.models import SignInMeans, SubjectKind
from identity.sign_in.rules import read_rules
from identity.sign_in.signing_in import Opened, Wanted, entrant_of, open_for
from identity.sign_in.throttling import throttled

ATTEMPT_LIFE = timedelta(minutes=10)
MOST_OF_A_NETWORK = 100
"""Attempts under way at once: more than an office that begins its day, and few enough for a table."""
NO_ACCOUNT = ("no-account", "There is no account here for this login.")


@dataclass(frozen=True)
class Begin:
    kind: SubjectKind
    network: str
    return_to: str
    company_id: UUID | None = None
    storefront: str | None = None


@dataclass(frozen=True)
class Begun:
    authorization_url: str
    secret: str
    """For the browser that began, and nobody else: without it nothing is finished."""


@dataclass(frozen=True)
class Finish:
    secret: str
    state: str
    code: str
    client: str | None


def _derived(secret: str, what: str) -> str:
    """State, nonce and PKCE verifier of an attempt: each tells nothing of the others, and none is stored."""
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), what.encode(), "sha256")).rstrip(b"=").decode()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


async def begin(session: AsyncSession, issuer: Issuer, command: Begin, at: datetime) -> Begun:
    """
    Raises:
        Forbidden: `external-sign-in-off`.
        Invalid: `return-address-unknown`.
        TooManyRequests: `sign-in-throttled`: too many attempts of this network are under way.
        NotYet: the issuer does not answer.
    """
    issuer.check_return(command.return_to)
    secret = secrets.token_urlsafe(32)
    verifier = _derived(secret, "verifier")
    url = await issuer.authorization_url(
        return_to=command.return_to,
        state=_derived(secret, "state"),
        nonce=_derived(secret, "nonce"),
        challenge=base64.urlsafe_b64encode(_digest(verifier)).rstrip(b"=").decode(),
    )
    current = await policy(session, ExternalSignInPolicy)  # no transaction waits for the issuer
    if refusal := current.refusal(command.kind, SignInMeans.ISSUER):
        raise refusal
    await _see_it_is_not_too_many(session, command.network, at)
    session.add(ExternalAttempt(secret_hash=_digest(secret), **vars(command), expires_at=at + ATTEMPT_LIFE))
    return Begun(url, secret)


async def _see_it_is_not_too_many(session: AsyncSession, network: str, at: datetime) -> None:
    of_network = ExternalAttempt.network == network, ExternalAttempt.expires_at > at
    many, first = (
        await session.execute(select(func.count(), func.min(ExternalAttempt.expires_at)).where(*of_network))
    ).one()
    if many >= MOST_OF_A_NETWORK:
        raise throttled(ceil((first - at).total_seconds()))


async def finish(database: Database, issuer: Issuer, command: Finish, at: datetime) -> Opened:
    """The attempt is spent before the issuer is asked, so that it and its code are good once.

    Raises:
        Unauthenticated: `external-sign-in-invalid`.
        Forbidden: `external-sign-in-off`, `no-account`, or he may not sign in.
        Conflict: `company-not-named`, `login-linked-otherwise`.
        NotYet: the issuer does not answer.
    """
    async with database.transaction() as session:
        spent = delete(ExternalAttempt).where(ExternalAttempt.secret_hash == _digest(command.secret))
        attempt = (await session.execute(spent.returning(*ExternalAttempt.__table__.c))).first()
    state = _derived(command.secret, "state")
    if attempt is None or at >= attempt.expires_at or not hmac.compare_digest(state.encode(), command.state.encode()):
        raise Unauthenticated(*INVALID)
    verifier, nonce = _derived(command.secret, "verifier"), _derived(command.secret, "nonce")
    identity = await issuer.identity_behind(
        command.code, verifier=verifier, nonce=nonce, return_to=attempt.return_to, at=at
    )
    async with database.transaction() as session:
        rules = await read_rules(session)
        if refusal := rules.external.refusal(attempt.kind, SignInMeans.ISSUER):
            raise refusal
        candidate = await _linked(session, attempt.kind, identity, at)
        wanted = Wanted(attempt.company_id, attempt.storefront, command.client)
        entrant = await entrant_of(session, rules, candidate, wanted, at)
        if not isinstance(entrant, DomainError):
            act_as(f"{entrant.kind.value}:{entrant.member_id or entrant.subject_id}")
            return await open_for(session, entrant, SignInMeans.ISSUER, at)
    raise entrant  # the link stays, since it is right whatever the company's status


async def _linked(session: AsyncSession, kind: SubjectKind, identity: ExternalIdentity, at: datetime) -> Candidate:
    """The account of this login: linked by its verified address once, and found by issuer and subject ever after.

    Raises:
        Forbidden: there is none.
        Conflict: the account of that address belongs to another login: an address that the issuer gave to somebody else
            brings him into no account.
    """
    mine = (ExternalLogin.issuer == identity.issuer, ExternalLogin.kind == kind)
    known = select(ExternalLogin.subject_id).where(*mine, ExternalLogin.external_subject == identity.subject)
    subject_id = await session.scalar(known)
    if subject_id is not None:
        candidate = await Candidate.of(session, kind, subject_id)
        if candidate is None:
            raise Forbidden(*NO_ACCOUNT)
        return candidate
    candidate = await Candidate.by_address(session, kind, identity.email.strip().lower()) if identity.email else None
    if candidate is None or not candidate.verified:
        raise Forbidden(*NO_ACCOUNT)
    link = insert(ExternalLogin).values(
        issuer=identity.issuer,
        external_subject=identity.subject,
        kind=kind,
        subject_id=candidate.subject_id,
        linked_at=at,
    )
    await session.execute(link.on_conflict_do_nothing())
    if await session.scalar(known) != candidate.subject_id:
        raise Conflict("login-linked-otherwise", "This account belongs to another login; ask the merchant.")
    return candidate


async def take_passwords_again(session: AsyncSession, at: datetime) -> None:
    """The operator's way back in: the issuer replaces nobody's password any more."""
    newest = (
        select(PolicyVersion.version)
        .where(PolicyVersion.name == policy_name(ExternalSignInPolicy), PolicyVersion.scope == EVERYWHERE)
        .order_by(PolicyVersion.version.desc())
        .limit(1)
    )
    version = await session.scalar(newest) or 0
    await set_policy(session, ExternalSignInPolicy(), scope=EVERYWHERE, expected=version, at=at)
