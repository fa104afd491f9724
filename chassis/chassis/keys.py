"""Signing keys of a service that signs, and the public keys of others, which arrive on state topics a day before use."""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from joserfc import jwe, jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey
from sqlalchemy import Text, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock
from chassis.aggregate import Aggregate
from chassis.errors import DomainError, Invalid, NotYet
from chassis.http.app import MAX_BODY
from chassis.ids import new_id
from chassis.projections import Projected, Projection
from contracts.shared.event import Event
from contracts.shared.keys import PublicKey
from contracts.shared.topic import Topic

ALGORITHM = "ES256"
ANNOUNCED_BEFORE = timedelta(days=1)
IN_USE = timedelta(days=90)
VERIFIES_AFTER = timedelta(days=2)
"""A retired key verifies this much longer: longer than anything it signed is valid."""

_registry = jws.JWSRegistry(algorithms=[ALGORITHM])
_registry.max_payload_length = MAX_BODY  # its own limit of 128,000 is reached by a cart of 300 lines


class SigningKey(Aggregate):
    """A private key at rest, encrypted with the service's master key. Its public half is its published state."""

    __tablename__ = "signing_keys"
    published_as: ClassVar[Callable[..., PublicKey]]
    """The service's own key state; set by `chassis.keys.publish_as`."""

    kid: Mapped[str] = mapped_column(Text, unique=True)
    private: Mapped[str] = mapped_column(Text)
    public: Mapped[dict[str, str]]
    usable_from: Mapped[datetime]
    usable_until: Mapped[datetime]

    @property
    def key(self) -> str:
        return self.kid

    def state(self) -> PublicKey:
        return type(self).published_as(
            kid=self.kid, jwk=self.public, usable_from=self.usable_from, usable_until=self.usable_until
        )

    def announce(self) -> None:
        """Publishes the public half."""
        self.record(self.state())

    def drain(self) -> list[Any]:
        drained = list(self._recorded())
        self._recorded().clear()
        return drained


def publish_as(state: type[PublicKey]) -> None:
    """Names the state under which this service publishes its keys; called by its composition root."""
    SigningKey.published_as = state


class Signer:
    """Signs with the current key. Holds the master key, so it lives in the process that signs."""

    def __init__(self, master_key: str) -> None:
        """
        Args:
            master_key: 32 bytes, base64url.

        Raises:
            ValueError: it is not.
        """
        raw = base64.urlsafe_b64decode(master_key + "=" * (-len(master_key) % 4))
        if len(raw) != 32:
            raise ValueError("the master key must be 32 bytes, base64url")
        self._master = OctKey.import_key(raw)
        self._cached: tuple[str, ECKey, datetime] | None = None

    async def rotate(self, session: AsyncSession, at: datetime) -> SigningKey:
        """Makes and announces the next key. The very first is usable at once."""
        first = await session.scalar(select(SigningKey.id).limit(1)) is None
        pair = ECKey.generate_key("P-256")
        public = {
            name: str(value) for name, value in pair.as_dict(private=False).items() if name in ("kty", "crv", "x", "y")
        }
        kid = hashlib.sha256(repr(sorted(public.items())).encode()).hexdigest()[:16]
        usable_from = at if first else at + ANNOUNCED_BEFORE
        sealed = jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, pair.as_pem(private=True), self._master)
        key = SigningKey(
            id=new_id(),
            kid=kid,
            private=sealed,
            public=public,
            usable_from=usable_from,
            usable_until=usable_from + IN_USE + VERIFIES_AFTER,
        )
        session.add(key)
        key.announce()
        return key

    async def rotate_if_due(self, session: AsyncSession, at: datetime) -> None:
        """Keeps a key that is usable now, and one for the time after it."""
        newest = await session.scalar(select(SigningKey.usable_from).order_by(SigningKey.usable_from.desc()).limit(1))
        if newest is None or at >= newest + IN_USE - ANNOUNCED_BEFORE:
            await self.rotate(session, at)

    async def _current(self, connection: AsyncConnection | AsyncSession, at: datetime) -> tuple[str, ECKey]:
        if self._cached and at < self._cached[2]:
            return self._cached[0], self._cached[1]
        usable = (
            select(SigningKey.kid, SigningKey.private)
            .where(SigningKey.usable_from <= at, SigningKey.usable_until > at)
            .order_by(SigningKey.usable_from.desc())
            .limit(1)
        )
        key = (await connection.execute(usable)).first()
        if key is None:
            raise NotYet("no-signing-key", "This service has no signing key yet.")
        opened = jwe.decrypt_compact(key.private, self._master).plaintext
        assert opened is not None
        pair = ECKey.import_key(opened)
        self._cached = (key.kid, pair, at + timedelta(minutes=1))
        return key.kid, pair

    async def sign_token(self, session: AsyncConnection | AsyncSession, claims: dict[str, Any], at: datetime) -> str:
        """A JWT."""
        kid, pair = await self._current(session, at)
        return jwt.encode({"alg": ALGORITHM, "kid": kid}, claims, pair, algorithms=[ALGORITHM])

    async def sign_document(self, session: AsyncConnection | AsyncSession, document: bytes, at: datetime) -> str:
        """A compact JWS over these bytes."""
        kid, pair = await self._current(session, at)
        return jws.serialize_compact({"alg": ALGORITHM, "kid": kid}, document, pair, algorithms=[ALGORITHM])


class KnownKey(Projected):
    """A public key of ours or of another service."""

    __tablename__ = "known_keys"

    issuer: Mapped[str] = mapped_column(Text)
    """The service that signs with it."""
    jwk: Mapped[dict[str, str]]
    usable_until: Mapped[datetime]


def key_projection(state: type[PublicKey]) -> Projection:
    """The projection of one service's keys into `known_keys`."""
    topic: Topic = state.topic

    def row(key: Event) -> dict[str, Any]:
        assert isinstance(key, PublicKey)
        return {"issuer": topic.owner, "jwk": key.jwk, "usable_until": key.usable_until}

    return Projection(state, KnownKey, row)


class BadSignature(Invalid):
    """Not signed by whom it should be."""


class KeyRing:
    """Verifies with the keys this service knows. One per process; a key is read from the projection once."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], ECKey] = {}

    def forget(self) -> None:
        """Reads every key again at its next use."""
        self._keys.clear()

    async def _key(self, connection: AsyncConnection | AsyncSession, issuer: str, kid: str) -> ECKey:
        known = self._keys.get((issuer, kid))
        if known is None:
            row = (
                await connection.execute(select(KnownKey.jwk).where(KnownKey.issuer == issuer, KnownKey.key == kid))
            ).first()
            if row is None:
                raise await self._unknown(connection, issuer)
            known = self._keys[(issuer, kid)] = ECKey.import_key(row.jwk)
        return known

    async def _unknown(self, connection: AsyncConnection | AsyncSession, issuer: str) -> DomainError:
        """Where the key that signs now is known, every key that has signed is: each is announced a day before."""
        signs_now = select(KnownKey.key).where(
            KnownKey.issuer == issuer, KnownKey.usable_until > clock.now() + VERIFIES_AFTER
        )
        if await connection.scalar(signs_now.limit(1)) is None:
            return NotYet("unknown-key", "It is signed with a key that has not arrived here yet.")
        return BadSignature("signature-of-nobody", "It names a key that nobody has here.")

    async def verify(self, connection: AsyncConnection | AsyncSession, issuer: str, signed: str) -> bytes:
        """The payload of a compact JWS signed by `issuer` (a service).

        Raises:
            BadSignature: it is no JWS, the signature does not match, or the key is none of the issuer's.
            NotYet: the issuer's keys have not arrived here.
        """
        try:
            kid = jws.extract_compact(signed.encode(), registry=_registry).headers().get("kid")
        except (JoseError, ValueError) as error:
            raise BadSignature("signature-malformed", "It is not a signed document.") from error
        if not isinstance(kid, str) or not 0 < len(kid) <= 64:
            raise BadSignature("signature-malformed", "It does not name the key that signed it.")
        key = await self._key(connection, issuer, kid)
        try:
            return jws.deserialize_compact(signed, key, registry=_registry).payload
        except (JoseError, ValueError) as error:
            raise BadSignature("signature-invalid", "The signature does not match.") from error


async def public_key_set(connection: AsyncConnection, at: datetime, issuer: str) -> dict[str, Any]:
    """The keys of one issuer as JWKS (RFC 7517)."""
    rows = await connection.execute(
        select(KnownKey.key, KnownKey.jwk).where(KnownKey.issuer == issuer, KnownKey.usable_until > at)
    )
    return {"keys": [{**row.jwk, "kid": row.key, "use": "sig", "alg": ALGORITHM} for row in rows]}
