"""A mail server that does to each session or command what a test tells it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

Fault = Literal["drop", "hang"]
Answer = str | Fault
"""A line such as `550 5.1.1 no such user`, or a fault: the connection is closed, or nothing is ever said."""

OK = "250 2.0.0 fine"


@dataclass
class ScriptedServer:
    """
    Attributes:
        answers: by command (`CONNECT`, `MAIL`, `RCPT`, `DATA`: to the text), what to say to its next occurrences, in
            order; then it is `OK` again.
        taken: mails that this server has, whatever it said about them afterwards.
        refuse: answers to RCPT by address, always.
        silences: how often it left somebody without an answer.
        go_on: ends every silence, when a test sets it.
    """

    port: int = 0
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    refuse: dict[str, Answer] = field(default_factory=dict)
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    drops_after_taking: bool = False
    sessions: int = 0
    silences: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def keeps_waiting(self) -> bool:
        """Whether somebody was left without an answer; for `eventually`."""
        return self.silences > 0

    def next_answer(self, command: str) -> Answer:
        planned = self.answers.get(command)
        return planned.pop(0) if planned else OK

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, _Closed):
            await self._say(writer, self.next_answer("CONNECT").replace("250", "220"))
            recipient = ""
            while line := (await reader.readline()).decode():
                command, _, rest = line.strip().partition(" ")
                command = command.upper()
                if command == "RCPT":
                    recipient = rest.partition("<")[2].partition(">")[0]
                    await self._say(writer, self.refuse.get(recipient) or self.next_answer("RCPT"))
                elif command == "DATA":
                    await self._say(writer, "354 go on")
                    body = await reader.readuntil(b"\r\n.\r\n")
                    await self._take(writer, recipient, body[:-3])
                else:
                    await self._say(writer, self.next_answer(command))
        writer.close()

    async def _take(self, writer: asyncio.StreamWriter, recipient: str, body: bytes) -> None:
        answer = self.next_answer("DATA")
        if not answer.startswith(("4", "5")):
            message = message_from_bytes(body, policy=SMTP)
            assert isinstance(message, EmailMessage)
            self.taken.append((recipient, message))
        await self._say(writer, answer)
        if self.drops_after_taking:
            raise _Closed

    async def _say(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        if answer == "drop":
            raise _Closed
        if answer == "hang":
            self.silences += 1
            await self.go_on.wait()
            answer = OK
        writer.write(f"{answer}\r\n".encode())
        await writer.drain()

    @property
    def message_ids(self) -> list[str]:
        return [str(message["Message-ID"]) for _, message in self.taken]


class _Closed(Exception):
    """The script says to close the connection."""


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    script = ScriptedServer()
    sessions: set[asyncio.Task[None]] = set()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        sessions.add(task)
        with suppress(asyncio.CancelledError):
            await script.serve(reader, writer)

    server = await asyncio.start_server(session, "127.0.0.1", 0)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        for one in sessions:
            one.cancel()
