"""Access tokens, verified here with published keys: nobody is asked, and an unknown key is 503, not 401."""

import json
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from chassis import clock
from chassis.database import Database
from chassis.errors import Unauthenticated
from chassis.keys import BadSignature, KeyRing

LEEWAY_SECONDS = 5
REMEMBERED = 10_000


@dataclass(frozen=True)
class TokenVerifier:
    """
    Attributes:
        signer: the service whose keys sign tokens.
        issuer, audience: what `iss` and `aud` must be.
    """

    signer: str
    issuer: str
    audience: str
    keys: KeyRing
    _verified: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Claims by token whose signature was verified here: a token is sent many times in its five minutes."""

    async def claims(self, database: Database, token: str) -> dict[str, Any]:
        """The claims of a valid token.

        Raises:
            Unauthenticated: it is malformed, forged, expired, or somebody else's.
            NotYet: it is signed with a key that has not arrived here.
        """
        claims = self._verified.get(token)
        if claims is None:
            claims = await self._verify(database, token)
            if len(self._verified) >= REMEMBERED:
                self._verified.clear()
            self._verified[token] = claims
        expires = claims.get("exp")
        if not isinstance(expires, int | float) or expires + LEEWAY_SECONDS < clock.now().timestamp():
            raise Unauthenticated("token-expired", "The access token has expired.")
        return dict(claims)

    async def _verify(self, database: Database, token: str) -> dict[str, Any]:
        try:
            async with database.reading() as connection:
                claims: dict[str, Any] = json.loads(await self.keys.verify(connection, self.signer, token))
        except (BadSignature, ValueError) as error:
            raise Unauthenticated("token-invalid", "The access token is not one of ours.") from error
        if claims.get("iss") != self.issuer or claims.get("aud") != self.audience:
            raise Unauthenticated("token-invalid", "The access token is not one of ours.")
        return claims


def bearer_token(request: Request) -> str | None:
    """The token of `Authorization: Bearer …`; None without one.

    Raises:
        Unauthenticated: the header is there, but is something else.
    """
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > 4096:
        raise Unauthenticated("token-invalid", "Authorization must be `Bearer <access token>`.")
    return token


async def claims_of(request: Request) -> dict[str, Any] | None:
    """The claims of the request's token, verified once per request; None for an anonymous one."""
    if not hasattr(request.state, "claims"):
        token = bearer_token(request)
        if token is None:
            request.state.claims = None
        else:
            request.state.claims = await request.app.state.verifier.claims(request.app.state.database, token)
    return request.state.claims  # type: ignore[no-any-return]
