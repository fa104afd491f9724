"""A client as the API's documentation wants it: an idempotency key per intent, and patience with what may pass."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

import httpx2

from faults.journal import Journal

TIME_OUT = 30.0
"""Seconds for one attempt: longer than any time-out of the server's own."""
PATIENCE = 120.0
"""Seconds for which an intent is tried again before the client gives up."""
TOKEN_AGE = 200.0
"""Seconds; access tokens live five minutes."""
IDS = ("order_id", "number", "status", "application_id", "company_id", "member_id", "invitation_id", "outcomes")
"""Fields of answers that go into the journal."""


class GaveUp(Exception):
    """No final answer within `PATIENCE`."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    etag: str | None = None

    @property
    def ok(self) -> bool:
        return self.status < 400

    @property
    def code(self) -> str:
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class Refused(Exception):
    """A final answer that the set-up has no place for."""


@dataclass
class Account:
    """Somebody who signs in, and does so again before his token ends."""

    client: "Client"
    credentials: Mapping[str, str]
    member_id: str = ""
    company_id: str = ""
    _token: str = ""
    _since: float = 0
    _signing_in: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def token(self, *, fresh: bool = False) -> str:
        async with self._signing_in:
            if fresh or time.monotonic() - self._since > TOKEN_AGE:
                answer = await self.client.must("sign-in", "identity", "/sessions", body=self.credentials)
                self._token, self._since = answer["access_token"], time.monotonic()
                self.member_id = answer.body.get("member_id") or ""
                self.company_id = answer.body.get("company_id") or ""
            return self._token


@dataclass
class Client:
    """Speaks to the four services, and writes down every attempt."""

    urls: Mapping[str, str]
    journal: Journal
    http: httpx2.AsyncClient

    async def must(self, kind: str, service: str, path: str, **options: Any) -> Answer:
        """
        Raises:
            Refused: the answer is no success.
        """
        answer = await self.ask(kind, service, path, **options)
        if not answer.ok:
            raise Refused(f"{kind} {path}: {answer.status} {answer.body}")
        return answer

    async def ask(
        self,
        kind: str,
        service: str,
        path: str,
        *,
        method: str = "POST",
        by: Account | None = None,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        if_match: str | None = None,
        facts: Mapping[str, Any] | None = None,
        patience: float = PATIENCE,
    ) -> Answer:
        """The final answer to one intent.

        Args:
            kind: what the checker knows it by: `order.submit`.
            facts: what the client meant, for the checker.

        Raises:
            GaveUp: there was none.
        """
        intent, headers = str(uuid4()), {"Content-Type": "application/json"}
        if method == "POST" and "/sessions" not in path:
            headers["Idempotency-Key"] = intent
        if if_match:
            headers["If-Match"] = if_match
        self.journal.write(intent=intent, kind=kind, asked=True, at=time.time(), facts=facts or {})
        deadline, pause, renewed = time.monotonic() + patience, 0.1, False
        for attempt in count(1):
            if by is not None:
                headers["Authorization"] = f"Bearer {await by.token()}"
            url = f"{self.urls[service]}/v1{path}"
            about = {"intent": intent, "kind": kind, "attempt": attempt, "facts": facts or {}}
            answer = await self._once(about, method, url, headers, body, query)
            if answer is not None and answer.status == 401 and by is not None and not renewed:
                renewed = True
                await by.token(fresh=True)
                continue
            if answer is not None and not _may_pass(answer):
                return answer
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(pause)
            pause = min(pause * 1.7, 1.5)
        self.journal.write(intent=intent, kind=kind, gave_up=True, at=time.time(), facts=facts or {})
        raise GaveUp(f"{kind} {path}")

    async def _once(
        self, about: dict[str, Any], method: str, url: str, headers: dict[str, str], body: Any, query: Any
    ) -> Answer | None:
        """None: nobody knows whether it was done."""
        sent, answer, error = time.time(), None, ""
        try:
            response = await self.http.request(
                method, url, headers=headers, json=body, params=query, timeout=httpx2.Timeout(TIME_OUT)
            )
            is_json = "json" in response.headers.get("Content-Type", "") and response.content  # nothing, of 204
            answer = Answer(
                response.status_code, response.json() if is_json else response.text, response.headers.get("ETag")
            )
        except httpx2.TimeoutException:
            error = "timeout"
        except (httpx2.TransportError, ValueError) as broken:
            error = type(broken).__name__
        known = answer.body if answer is not None and isinstance(answer.body, dict) else {}
        self.journal.write(
            **about,
            sent_at=sent,
            answered_at=time.time(),
            status=answer.status if answer else None,
            code=answer.code if answer and not answer.ok else "",
            error=error,
            ids={name: known[name] for name in IDS if name in known} if answer and answer.ok else {},
        )
        return answer


def _may_pass(answer: Answer) -> bool:
    if answer.status == 409:
        return answer.code == "idempotency-key-in-use"
    return answer.status == 429 or answer.status >= 500
