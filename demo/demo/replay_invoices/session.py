"""Somebody who is signed in, for as long as the replay takes: access tokens live for minutes only."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from demo.http_api import Answer, Api

RENEWED_BEFORE = 60
"""Seconds before its end."""


@dataclass
class Session:
    identity: Api
    credentials: dict[str, Any] = field(repr=False)
    door: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    """One sign-in of a person at a time: several at once look like guessing, and are slowed down."""
    _access: str = field(default="", repr=False)
    _refresh: str = field(default="", repr=False)
    _until: float = 0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def token(self) -> str:
        """
        Raises:
            Unexpected: he may not sign in.
        """
        async with self._lock:
            if time.monotonic() > self._until:
                self._keep(await self._renewed() if self._refresh else await self._opened())
        return self._access

    async def _opened(self) -> Answer:
        async with self.door:
            return await self.identity.call("POST", "/sessions", body=self.credentials)

    async def _renewed(self) -> Answer:
        body = {"refresh_token": self._refresh}
        answer = await self.identity.send("POST", "/sessions/refresh", body=body)
        return answer if answer.status < 400 else await self._opened()

    def _keep(self, answer: Answer) -> None:
        self._access, self._refresh = answer["access_token"], answer["refresh_token"]
        self._until = time.monotonic() + answer["expires_in"] - RENEWED_BEFORE
