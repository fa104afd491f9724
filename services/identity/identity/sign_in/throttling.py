"""How failed sign-ins slow down who guesses, and not the person whose account it is (ID-23).

Two counters per address: one for each network that tries, strict, and one over all networks, softer, which does not hold
for networks that the person signed in from before. So a stranger who guesses from afar slows himself and other strangers.
"""

import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from uuid import UUID

from sqlalchemy import Integer, LargeBinary, Text, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Base
from chassis.errors import TooManyRequests
from chassis.hot import HotStatement
from identity.sign_in.models import SubjectKind

ALL_NETWORKS = "*"
FORGOTTEN_AFTER = timedelta(hours=24)
"""Without another failure."""
KNOWN_FOR = timedelta(days=90)
"""Since the last successful sign-in from that network."""


@dataclass(frozen=True)
class Pace:
    """`free` failures cost nothing; from then on each doubles the pause, up to `longest`."""

    free: int
    longest: timedelta

    def pause(self, failures: int) -> timedelta:
        """From the last of so many failures to the next attempt."""
        if failures < self.free:
            return timedelta(0)
        return min(timedelta(seconds=2 ** min(failures - self.free, 20)), self.longest)


PER_NETWORK = Pace(free=5, longest=timedelta(minutes=15))
PER_ACCOUNT = Pace(free=20, longest=timedelta(minutes=1))


class SignInAttempts(Base):
    """Failures at one address from one network, or from all. The address is a hash, and need not have an account."""

    __tablename__ = "sign_in_attempts"

    account: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    network: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime]


@dataclass(frozen=True)
class Counter:
    """What such a row says."""

    network: str
    failures: int
    last_at: datetime

    @property
    def pause(self) -> timedelta:
        """From the last failure to the next attempt."""
        return (PER_ACCOUNT if self.network == ALL_NETWORKS else PER_NETWORK).pause(self.failures)

    def after(self, at: datetime) -> int:
        """Failures with one more; counted before the password is looked at, so that parallel guesses do not slip through."""
        return 1 if at - self.last_at > FORGOTTEN_AFTER else self.failures + 1


class KnownNetwork(Base):
    """A network from which the person of this account signed in."""

    __tablename__ = "known_networks"

    account: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    network: Mapped[str] = mapped_column(Text, primary_key=True)
    last_at: Mapped[datetime]


def seconds_to_wait(counters: Iterable[Counter], *, known_network: bool, at: datetime) -> int:
    """0: come in. The counter over all networks does not hold for a network that the person is known from.

    Without a pause nobody is too early: of two at one moment, the one that was read first may be counted last.
    """
    holding = [one for one in counters if one.network != ALL_NETWORKS or not known_network]
    waits = [(one.last_at + one.pause - at).total_seconds() for one in holding if one.pause]
    return max(0, *(ceil(wait) for wait in waits), 0)


_TAKE = HotStatement(
    """
    INSERT INTO sign_in_attempts (account, network, failures, last_at)
    SELECT :account ::bytea, one, 0, :at ::timestamptz FROM unnest(:networks ::text[]) AS one ORDER BY one
    ON CONFLICT (account, network) DO UPDATE SET failures = sign_in_attempts.failures
    RETURNING network, failures, last_at, EXISTS (
        SELECT FROM known_networks known
        WHERE known.account = :account AND known.network = :network AND known.last_at > :known_since) AS known
    """
)
"""Locks the counters, the one over all networks first."""
_COUNT = HotStatement(
    """
    UPDATE sign_in_attempts SET failures = counted.failures, last_at = :at
    FROM unnest(:networks ::text[], :failures ::integer[]) AS counted (network, failures)
    WHERE sign_in_attempts.account = :account AND sign_in_attempts.network = counted.network
    """
)
_FORGET = HotStatement(
    """
    WITH fewer AS (
        UPDATE sign_in_attempts SET failures = failures - 1
        WHERE account = :account AND network = :all AND failures > 0 RETURNING network
    ), forgotten AS (
        DELETE FROM sign_in_attempts WHERE account = :account AND network = :network AND (SELECT count(*) FROM fewer) >= 0)
    INSERT INTO known_networks (account, network, last_at) VALUES (:account, :network, :at)
    ON CONFLICT (account, network) DO UPDATE SET last_at = excluded.last_at
    """
)
"""The one over all networks first here, too: of two at one moment none holds what the other waits for."""


async def count_attempt(session: AsyncSession, account: bytes, network: str, at: datetime) -> int:
    """Seconds to wait; 0: this one is let through, and counted as failed until `forget_failures`. To be committed first."""
    asked = {"account": account, "network": network, "at": at, "known_since": at - KNOWN_FOR}
    rows = await _TAKE.rows(session, {**asked, "networks": sorted({ALL_NETWORKS, network})})
    counters = [Counter(row["network"], row["failures"], row["last_at"]) for row in rows]
    wait = seconds_to_wait(counters, known_network=rows[0]["known"], at=at)
    if not wait:
        counted = {"networks": [one.network for one in counters], "failures": [one.after(at) for one in counters]}
        await _COUNT.rows(session, {"account": account, "at": at, **counted})
    return wait


async def forget_failures(session: AsyncSession, account: bytes, network: str, at: datetime) -> None:
    """He knows the secret: this network is his. The counter over all networks stays, strangers are behind it."""
    await _FORGET.rows(session, {"account": account, "network": network, "all": ALL_NETWORKS, "at": at})


def throttled(wait: int) -> TooManyRequests:
    """The refusal of an attempt that comes so many seconds too early."""
    return TooManyRequests("sign-in-throttled", "Too many attempts; try again later.", facts={"retry_after": wait})


class Tried(StrEnum):
    """What is tried again and again. Each is counted apart: who is kept from one is not kept from the others."""

    SIGN_IN = "sign-in"
    """By address: need not have an account."""
    CODE = "code"
    """Of a second factor; whoever gets there knows the password."""
    CONFIRMATION = "confirmation"
    """The present password, in a session that somebody else may have taken over."""
    ACCESS_REQUEST = "access-request"
    """By network: whoever asks is nobody yet."""


def account_key(tried: Tried, *who: str | UUID) -> bytes:
    """What an address or a person is counted under, without keeping the address."""
    return hashlib.sha256("\x1f".join(map(str, (tried, *who))).encode()).digest()


async def forget_person(session: AsyncSession, kind: SubjectKind, subject_id: UUID, email: str) -> None:
    """Every counter and every network of his (ID-27)."""
    of_person = (account_key(tried, kind, subject_id) for tried in (Tried.CODE, Tried.CONFIRMATION))
    keys = [account_key(Tried.SIGN_IN, kind, email), *of_person]
    await session.execute(delete(SignInAttempts).where(SignInAttempts.account.in_(keys)))
    await session.execute(delete(KnownNetwork).where(KnownNetwork.account.in_(keys)))


def network_of(address: str | None) -> str:
    """The /24 of an IPv4 address, the /56 of an IPv6 one: what one household or office usually has."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 56), strict=False))
