"""The mails that arrived, for those who wait for a link; it outlives a mail server that is away."""

import asyncio
import email
import email.policy
import re
import time
from dataclasses import dataclass, field

import httpx2

LOOKS_EVERY = 0.5


class NoMail(Exception):
    """It did not come in time."""


@dataclass
class Postbox:
    page: str
    http: httpx2.AsyncClient
    _links: dict[tuple[str, str], str] = field(default_factory=dict)
    _read: set[int] = field(default_factory=set)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _looked: float = 0

    async def token(self, to: str, purpose: str, *, within: float = 120) -> str:
        """The last word of the link of this purpose in a mail to this address.

        Raises:
            NoMail
        """
        deadline = time.monotonic() + within
        while (to, purpose) not in self._links:
            if time.monotonic() > deadline:
                raise NoMail(f"{purpose} to {to}")
            await self._look()
            await asyncio.sleep(LOOKS_EVERY)
        return self._links[to, purpose]

    async def _look(self) -> None:
        """One who waits looks for all."""
        async with self._looking:
            if time.monotonic() - self._looked < LOOKS_EVERY:
                return
            try:
                listed = (await self.http.get(f"{self.page}/messages/", timeout=10)).json()["messages"]
                for message in listed:
                    if message["id"] not in self._read:
                        source = await self.http.get(f"{self.page}/messages/{message['id']}.source", timeout=10)
                        self._take(message["recipients"]["to"], source.content)
                        self._read.add(message["id"])
            except (httpx2.TransportError, ValueError, KeyError):
                return  # it is away; the next look finds it
            finally:
                self._looked = time.monotonic()

    def _take(self, recipients: list[str], source: bytes) -> None:
        message = email.message_from_bytes(source, policy=email.policy.default)
        plain = message.get_body(("plain",))
        for purpose, token in re.findall(
            r"https?://\S+/(\w+)/([A-Za-z0-9._~-]+)", str(plain.get_content()) if plain else ""
        ):
            for to in recipients:
                self._links[to.strip("<>").lower(), purpose] = token.rstrip(".")
