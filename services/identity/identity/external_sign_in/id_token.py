"""What an ID token must be before it is believed (OpenID Connect Core, 3.1.3.7)."""

import hmac
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ["RS256", "PS256", "ES256"]
"""Of signatures with a key pair: never `none`, and no HMAC, whose key is the client's secret."""
LEEWAY_SECONDS = 60
OLDEST_SECONDS = 600
"""It was made in the course of this very sign-in."""


class Untrusted(Exception):
    """The issuer's answer is not one to believe; why is for the log."""


@dataclass(frozen=True)
class Expected:
    issuer: str
    client_id: str
    nonce: str


@dataclass(frozen=True)
class ExternalIdentity:
    issuer: str
    subject: str
    email: str | None
    """Only where the issuer says that it is verified."""


def believed(token: str, keys: KeySet, expected: Expected, at: datetime) -> ExternalIdentity:
    """
    Raises:
        Untrusted: it is not signed by the issuer, for us, for this sign-in, now.
    """
    try:
        claims: dict[str, Any] = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, TypeError) as error:
        raise Untrusted(type(error).__name__) from error
    _check(claims, expected, at.timestamp())
    subject, email = claims.get("sub"), claims.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Untrusted("sub")
    verified = claims.get("email_verified") is True and isinstance(email, str)
    return ExternalIdentity(expected.issuer, subject, str(email) if verified else None)


def _check(claims: dict[str, Any], expected: Expected, now: float) -> None:
    aud, azp = claims.get("aud"), claims.get("azp")
    audiences = aud if isinstance(aud, list) else [aud]
    expires, issued, nonce = _seconds(claims.get("exp")), _seconds(claims.get("iat")), claims.get("nonce")
    wrong = {
        "iss": claims.get("iss") != expected.issuer,
        "aud": expected.client_id not in audiences,
        "azp": azp != expected.client_id if len(audiences) > 1 or azp is not None else False,
        "exp": not now - LEEWAY_SECONDS < expires < math.inf,
        "iat": not now - OLDEST_SECONDS <= issued <= now + LEEWAY_SECONDS,
        "nonce": not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()),
    }
    if found := [name for name, is_wrong in wrong.items() if is_wrong]:
        raise Untrusted(", ".join(found))


def _seconds(value: Any) -> float:
    """Not a number, which is neither before nor after anything, where it is no time."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
