"""The EU's service VIES over its REST API. One that is away, slow or confused has said nothing: `unknown`, never `invalid`."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson

from contracts.identity.values import VatCheck
from identity.external_sign_in.issuer import check_address

TIMEOUT_SECONDS = 10.0
LARGEST_ANSWER = 64 * 1024
LONGEST_CONSULTATION = 64
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Said:
    """
    Attributes:
        consultation: proof of the question, where the merchant has named its own number.
    """

    result: VatCheck
    consultation: str | None = None


UNKNOWN = Said(VatCheck.UNKNOWN)


class Vies:
    """Asks at the configured address and nowhere else: no redirect is followed, and nothing of a request is in the URL."""

    def __init__(self, address: str | None, requester: str = "", *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """
        Args:
            address: of the REST API; None: nobody is asked.
            requester: the merchant's own VAT number; without it there is no consultation number.

        Raises:
            ValueError: the address is neither https nor of this very machine.
        """
        if address is not None:
            check_address(address)
        self._address = None if address is None else f"{address.rstrip('/')}/check-vat-number"
        self._requester = requester
        self._timeout = timeout_seconds
        self._http = httpx2.AsyncClient(timeout=timeout_seconds, follow_redirects=False)

    @property
    def is_asked(self) -> bool:
        return self._address is not None

    async def ask(self, vat_number: str) -> Said:
        """
        Args:
            vat_number: with its country, as we store it.
        """
        question = {"countryCode": vat_number[:2], "vatNumber": vat_number[2:]}
        if self._requester:
            question |= {"requesterMemberStateCode": self._requester[:2], "requesterNumber": self._requester[2:]}
        try:
            answer = await self._asked(question)
        except (httpx2.HTTPError, TimeoutError, ValueError) as error:
            log.warning("VIES does not answer", extra={"error": type(error).__name__})
            return UNKNOWN
        return _understood(answer, question)

    async def _asked(self, question: dict[str, str]) -> Any:
        """
        Raises:
            httpx2.HTTPError, TimeoutError: no answer in time.
            ValueError: one that is no JSON, or too large, or none of success.
        """
        assert self._address is not None
        async with (
            asyncio.timeout(self._timeout),
            self._http.stream("POST", self._address, json=question) as response,
        ):
            if response.status_code != 200:
                raise ValueError(response.status_code)
            content = bytearray()
            async for part in response.aiter_bytes():
                content += part
                if len(content) > LARGEST_ANSWER:
                    raise ValueError("too large")
        return orjson.loads(bytes(content))


def _understood(answer: Any, question: dict[str, str]) -> Said:
    """Only a plain yes or no to this very question counts; a member state that is away comes as 200 with an error in it."""
    if not isinstance(answer, dict) or answer.get("errorWrappers"):
        return UNKNOWN
    if any(answer.get(name) != question[name] for name in ("countryCode", "vatNumber")):
        return UNKNOWN
    if answer.get("userError", "VALID") not in ("VALID", "INVALID") or not isinstance(answer.get("valid"), bool):
        return UNKNOWN
    consultation = answer.get("requestIdentifier") or None
    if not isinstance(consultation, str) or len(consultation) > LONGEST_CONSULTATION or not consultation.isalnum():
        consultation = None
    return Said(VatCheck.VALID if answer["valid"] else VatCheck.INVALID, consultation)
