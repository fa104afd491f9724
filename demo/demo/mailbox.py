"""The mails that really arrived, read from the mail sink's REST API."""

import asyncio
import email
import email.policy
import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, cast

import httpx2

from demo.waiting import PATIENCE, until


@dataclass(frozen=True)
class Mail:
    to: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def language(self) -> str:
        return str(self.message.get("Content-Language", ""))

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return str(part.get_content()) if part is not None else ""

    def is_of(self, template: str, to: str) -> bool:
        return self.to == to.lower() and str(self.message["X-Countersign-Template"]) == template

    def names(self, number: str) -> bool:
        return number in self.subject or number in self.text

    def token(self, purpose: str) -> str:
        """The last word of the link of this purpose, as `https://shop.example/<purpose>/<token>`.

        Raises:
            LookupError: the mail has no such link.
        """
        found = re.search(rf"https?://\S+/{purpose}/([A-Za-z0-9._~-]+)", self.text)
        if found is None:
            raise LookupError(f"no link for {purpose} in the mail {self.subject!r}")
        return found[1].rstrip(".")


@dataclass
class Mailbox:
    """Every mail since `open`, whoever it is for. One request at a time looks for all who wait."""

    page: str
    http: httpx2.AsyncClient = field(repr=False)
    mails: list[Mail] = field(default_factory=list)
    _read: set[int] = field(default_factory=set)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self) -> None:
        """Leaves aside what is there already."""
        self._read = {message["id"] for message in await self._list()}

    async def mail(self, to: str, template: str, *, about: str = "", within: float = PATIENCE) -> Mail:
        """The mail of this template to this address as soon as it is there, the first one if there are several.

        Args:
            about: the number of an application or order that it names.
            within: seconds.
        """

        async def probe() -> Mail | None:
            await self._look()
            return next((mail for mail in self.mails if mail.is_of(template, to) and mail.names(about)), None)

        return await until(f"mail {template} {about} to {to}", probe, within=within)

    async def _look(self) -> None:
        """Takes in what has arrived."""
        if self._lock.locked():
            async with self._lock:
                return  # somebody else has just looked
        async with self._lock:
            for message in await self._list():
                if message["id"] not in self._read:
                    self._read.add(message["id"])
                    await self._take(message)

    async def _take(self, message: dict[str, Any]) -> None:
        source = await self.http.get(f"{self.page}/messages/{message['id']}.source")
        source.raise_for_status()
        parsed = email.message_from_bytes(source.content, policy=email.policy.default)
        self.mails += [Mail(to.strip("<>").lower(), parsed) for to in message["recipients"]["to"]]

    async def _list(self) -> list[dict[str, Any]]:
        response = await self.http.get(f"{self.page}/messages/")
        response.raise_for_status()
        return cast(list[dict[str, Any]], response.json()["messages"])
