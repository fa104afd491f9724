"""A mail server that misbehaves as it is told, before the one that keeps the mails: what it takes it hands on, each
Message-ID once, as servers do that know what they have."""

import asyncio
import contextlib
import email
import email.policy
from collections import Counter
from collections.abc import AsyncIterator
from enum import Enum, auto

import aiosmtplib

LARGEST = 10_000_000
"""Bytes of one mail."""


class Mood(Enum):
    KIND = auto()
    REFUSES = auto()
    """Everybody, for the time being."""
    DROPS = auto()
    """Takes a mail, and ends the connection instead of saying so."""
    HANGS = auto()
    """Takes a mail's words, and never says anything again."""
    FORGETS = auto()
    """Takes a mail and says that it did not, for the time being."""


class MailServer:
    def __init__(self, sink: str) -> None:
        """
        Args:
            sink: `host:port` of the server that keeps them.
        """
        self.mood = Mood.KIND
        self.taken: Counter[str] = Counter()
        """How often each Message-ID was handed to us whole."""
        self.met: Counter[str] = Counter()
        """How often each mood was felt."""
        self._host, _, port = sink.rpartition(":")
        self._port = int(port)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """Its port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LARGEST)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._speak(reader, writer)
        writer.transport.abort()

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipients = "", list[str]()
        writer.write(b"220 faults\r\n")
        while line := (await reader.readline()).decode(errors="replace").strip():
            verb = line.split(":")[0].split()[0].upper()
            if verb == "MAIL":
                sender, recipients = _address(line), []
                writer.write(self._to_mail_from())
            elif verb == "RCPT":
                recipients.append(_address(line))
                writer.write(b"250 ok\r\n")
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                content = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                answer = await self._take(sender, recipients, content)
                if answer is None:
                    return
                writer.write(answer)
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 ok\r\n")
            await writer.drain()

    def _to_mail_from(self) -> bytes:
        if self.mood is not Mood.REFUSES:
            return b"250 ok\r\n"
        self.met[self.mood.name] += 1
        return b"451 4.3.0 not now\r\n"

    async def _take(self, sender: str, recipients: list[str], content: bytes) -> bytes | None:
        """What is said to a mail that was handed over whole; None: nothing, the connection ends."""
        mood = self.mood
        if mood is not Mood.KIND:
            self.met[mood.name] += 1
        if mood is Mood.HANGS:
            while self.mood is Mood.HANGS:  # noqa: ASYNC110 - a row changes it
                await asyncio.sleep(0.1)
            return None
        await self._keep(sender, recipients, content)
        if mood is Mood.DROPS:
            return None
        return b"451 4.3.0 forgotten\r\n" if mood is Mood.FORGETS else b"250 ok\r\n"

    async def _keep(self, sender: str, recipients: list[str], content: bytes) -> None:
        message_id = str(email.message_from_bytes(content, policy=email.policy.default)["Message-ID"])
        self.taken[message_id] += 1
        if self.taken[message_id] == 1:
            await aiosmtplib.send(
                content, sender=sender, recipients=recipients, hostname=self._host, port=self._port, start_tls=False
            )


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]
