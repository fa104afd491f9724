"""Access tokens, verified here with published keys: nobody is asked, and an unknown key is 503, not 401."""

import json
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import clock
from chassis.errors import Unauthenticated
from chassis.keys import BadSignature, KeyRing

LEEWAY_SECONDS = 5


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

    async def claims(self, connection: AsyncConnection, token: str) -> dict[str, Any]:
        """The claims of a valid token.

        Raises:
            Unauthenticated: it is malformed, forged, expired, or somebody else's.
            NotYet: it is signed with a key that has not arrived here.
        """
        try:
            payload = await self.keys.verify(connection, self.signer, token)
            claims = json.loads(payload)
        except (BadSignature, ValueError) as error:
            raise Unauthenticated("token-invalid", "The access token is not one of ours.") from error
        at = clock.now().timestamp()
        if claims.get("iss") != self.issuer or claims.get("aud") != self.audience:
            raise Unauthenticated("token-invalid", "The access token is not one of ours.")
        expires = claims.get("exp")
        if not isinstance(expires, int | float) or expires + LEEWAY_SECONDS < at:
            raise Unauthenticated("token-expired", "The access token has expired.")
        return dict(claims)


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
            async with request.app.state.database.reading() as connection:
                request.state.claims = await request.app.state.verifier.claims(connection, token)
    return request.state.claims  # type: ignore[no-any-return]
