"""The public HTTP APIs, as any client sees them: JSON, problems with a code, ETags, idempotency keys."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

from demo.steps import current
from demo.waiting import PATIENCE


class Unexpected(Exception):
    """An answer that the story has no place for."""


@dataclass(frozen=True)
class Answer:
    request: str
    status: int
    body: Any
    etag: str | None
    seconds: float

    @property
    def code(self) -> str:
        """Of a problem."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""

    def __getitem__(self, name: str) -> Any:
        if not isinstance(self.body, dict) or name not in self.body:
            raise Unexpected(f"{self.request} answered without {name!r}: {str(self.body)[:300]}")
        return self.body[name]


@dataclass
class Api:
    """One service."""

    service: str
    base_url: str
    http: httpx2.AsyncClient = field(repr=False)

    async def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: Any = None,
        query: dict[str, Any] | None = None,
        if_match: str | None = None,
        csv: bytes | None = None,
    ) -> Answer:
        """The answer, whatever it is. `503`, or none at all, is tried again under the same idempotency key.

        Raises:
            Unexpected: the service can not be reached.
        """
        step = current.get()
        headers = {"X-Correlation-Id": f"demo-{step.number}" if step else "demo"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if if_match:
            headers["If-Match"] = if_match
        if method == "POST" and "/sessions" not in path:
            headers["Idempotency-Key"] = str(uuid4())
        if csv is not None:
            headers["Content-Type"] = "text/csv"
        began = time.monotonic()
        while True:
            over = time.monotonic() - began > PATIENCE
            try:
                response = await self._request(method, path, query, headers, csv if csv is not None else body)
            except httpx2.TransportError as error:
                if over:
                    raise Unexpected(f"{method} {self.service}{path}: {type(error).__name__} {error}") from error
            else:
                if response.status_code != 503 or over:
                    break
            await asyncio.sleep(0.1)
        return Answer(
            f"{method} {self.service}{path}",
            response.status_code,
            _decoded(response),
            response.headers.get("ETag"),
            time.monotonic() - began,
        )

    async def _request(
        self, method: str, path: str, query: dict[str, Any] | None, headers: dict[str, str], body: Any
    ) -> httpx2.Response:
        content = {} if body is None else {"content": body} if isinstance(body, bytes) else {"json": body}
        return await self.http.request(method, f"{self.base_url}/v1{path}", params=query, headers=headers, **content)

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        """
        Raises:
            Unexpected: it was refused.
        """
        answer = await self.send(method, path, **options)
        if answer.status >= 400:
            raise Unexpected(f"{answer.request} answered {answer.status} {_why(answer)}")
        return answer

    async def refused(self, status: int, code: str, method: str, path: str, **options: Any) -> Answer:
        """The refusal, which the current step shows.

        Raises:
            Unexpected: it was accepted, or refused otherwise.
        """
        answer = await self.send(method, path, **options)
        if (answer.status, answer.code) != (status, code):
            raise Unexpected(f"{answer.request} answered {answer.status} {_why(answer)}, not {status} {code}")
        step = current.get()
        if step:
            step.refusals.append(f"{status} {code}")
        return answer


def _decoded(response: httpx2.Response) -> Any:
    is_json = response.content and "json" in response.headers.get("Content-Type", "")
    return response.json() if is_json else response.text


def _why(answer: Answer) -> str:
    if answer.status < 400 or not isinstance(answer.body, dict):
        return str(answer.body)[:300]
    fields = ", ".join(f"{one['pointer']} {one['code']}" for one in answer.body.get("errors", ()))
    return " ".join(filter(None, (answer.code, answer.body.get("detail", ""), fields)))
