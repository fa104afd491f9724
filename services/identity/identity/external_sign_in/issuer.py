"""The external issuer over HTTP: its discovery document, its keys, and a code exchanged for an ID token."""

import asyncio
import logging
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx2
import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from chassis.errors import DomainError, Forbidden, Invalid, NotYet, Problem, Unauthenticated
from identity.external_sign_in.id_token import Expected, ExternalIdentity, Untrusted, believed

TIMEOUT_SECONDS = 5.0
WHOLE_ANSWER_SECONDS = 10.0
LARGEST_ANSWER = 256 * 1024
KEPT_SECONDS = 3600.0
NOT_AGAIN_WITHIN_SECONDS = 60.0
"""A token that names an unknown key makes us ask for the keys again, this often at most."""
INVALID = ("external-sign-in-invalid", "This sign-in is not valid, or not any more; begin again.")
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Registration:
    """What we and the issuer know of each other; told by the operator.

    Raises:
        ValueError: an address is neither https nor of this very machine.
    """

    issuer: str
    client_id: str
    client_secret: str
    return_to: frozenset[str]
    """The only addresses to which the issuer sends a browser back."""

    def __post_init__(self) -> None:
        for address in (self.issuer, *self.return_to):
            check_address(address)


def check_address(address: str) -> None:
    """
    Raises:
        ValueError: what goes there could be read or changed on the way.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError(f"{address} is not an https address")
    if not parts.hostname or parts.username or parts.fragment:
        raise ValueError(f"{address} is not an address of a server alone")


def unreachable() -> DomainError:
    return NotYet("issuer-unreachable", "The identity provider does not answer as it should; try again.")


class Issuer:
    """One per process. Discovery and keys are kept for an hour."""

    def __init__(self, registration: Registration | None, http: httpx2.AsyncClient | None = None) -> None:
        """
        Args:
            registration: None: the operator has named no issuer.
            http: another way to the network, for tests.
        """
        self._registration = registration
        self._http = http or httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        self._documents: dict[str, tuple[float, Any]] = {}
        self._fetching = asyncio.Lock()

    @property
    def registration(self) -> Registration:
        """
        Raises:
            Forbidden: `external-sign-in-off`.
        """
        if self._registration is None:
            raise Forbidden("external-sign-in-off", "There is no identity provider here.")
        return self._registration

    def check_return(self, return_to: str) -> None:
        """
        Raises:
            Invalid: it is not one of the addresses that the operator has named, to the letter.
        """
        if return_to not in self.registration.return_to:
            problem = Problem("/return_to", "return-address-unknown", "It is not on the list of return addresses.")
            raise Invalid("return-address-unknown", problem.detail, problems=[problem])

    async def authorization_url(self, *, return_to: str, state: str, nonce: str, challenge: str) -> str:
        """Where the browser goes; `challenge` is that of PKCE (S256)."""
        query = {
            "response_type": "code",
            "scope": "openid email",
            "client_id": self.registration.client_id,
            "redirect_uri": return_to,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address: str = (await self._discovered())["authorization_endpoint"]
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"

    async def identity_behind(
        self, code: str, *, verifier: str, nonce: str, return_to: str, at: datetime
    ) -> ExternalIdentity:
        """Who signed in at the issuer.

        Raises:
            Unauthenticated: the issuer does not take the code, or its token is not to be believed.
            NotYet: it does not answer.
        """
        about = self.registration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": return_to,
            "code_verifier": verifier,
        }
        pair = f"{quote_plus(about.client_id)}:{quote_plus(about.client_secret)}"  # RFC 6749, 2.3.1
        headers = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        answer = await self._asked("POST", (await self._discovered())["token_endpoint"], form, headers)
        try:
            token = str(answer.get("id_token"))
            keys = await self._keys_for(token)
            return believed(token, keys, Expected(about.issuer, about.client_id, nonce), at)
        except Untrusted as error:
            logger.warning("an ID token was refused: %s", error)
            raise Unauthenticated(*INVALID) from error

    async def _discovered(self) -> Mapping[str, Any]:
        """Its endpoints; they are used only where they are as safe as its own address."""
        issuer = self.registration.issuer
        document = await self._kept(f"{issuer.rstrip('/')}/.well-known/openid-configuration", KEPT_SECONDS)
        try:
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                check_address(document[name])
        except (KeyError, TypeError, ValueError) as error:
            logger.warning("the discovery document of the issuer is refused: %s", error)
            raise unreachable() from error
        if document.get("issuer") != issuer:
            logger.warning("the discovery document speaks for another issuer")
            raise unreachable()
        return document  # type: ignore[no-any-return]

    async def _keys_for(self, token: str) -> KeySet:
        """The issuer's keys; asked for again where the token names one that is not among them."""
        address = (await self._discovered())["jwks_uri"]
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            document = await self._kept(address, KEPT_SECONDS)
            if kid is not None and kid not in [one.get("kid") for one in document["keys"]]:
                document = await self._kept(address, NOT_AGAIN_WITHIN_SECONDS)
            return KeySet.import_key_set(document)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Untrusted(type(error).__name__) from error

    async def _kept(self, address: str, seconds: float) -> Any:
        """A document of the issuer's that is no older than this."""
        async with self._fetching:
            fetched_at, document = self._documents.get(address, (float("-inf"), None))
            if time.monotonic() - fetched_at > seconds:
                document = await self._asked("GET", address)
                self._documents[address] = (time.monotonic(), document)
            return document

    async def _asked(
        self, method: str, address: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> Any:
        """
        Raises:
            Unauthenticated: it refuses (4xx).
            NotYet: it does not answer in time, or with something else than a JSON object of a decent size.
        """
        try:
            async with (
                asyncio.timeout(WHOLE_ANSWER_SECONDS),
                self._http.stream(method, address, data=form, headers=headers) as response,
            ):
                content = bytearray()
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > LARGEST_ANSWER:
                        raise unreachable()
                status = response.status_code
            document = orjson.loads(bytes(content)) if status == 200 else None
        except (httpx2.HTTPError, TimeoutError, ValueError) as error:
            raise unreachable() from error
        if method == "POST" and 400 <= status < 500:
            raise Unauthenticated(*INVALID)
        if not isinstance(document, dict):
            raise unreachable()
        return document
