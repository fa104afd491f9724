"""A server that speaks as the EU's does, well or badly, on a port of this machine."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Answered = tuple[int, bytes]


@dataclass
class ViesServer:
    """
    Attributes:
        answer: to a question.
        asked: the questions, in order.
        arrived: set when the first question is in.
        go_on: while it is clear, questions are not answered.
        paths: that were called, with their method.
    """

    url: str = ""
    answer: Callable[[dict[str, Any]], Answered] = field(default_factory=lambda: yes)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(line for line in head.splitlines() if line.lower().startswith("content-length"))
            self.asked.append(json.loads(await reader.readexactly(int(length.partition(":")[2]))))
            self.paths.append(" ".join(head.split(" ", 2)[:2]))
            self.arrived.set()
            await self.go_on.wait()
            status, body = self.answer(self.asked[-1])
            where = "Location: /elsewhere\r\n" if 300 <= status < 400 else ""
            writer.write(
                f"HTTP/1.1 {status} X\r\n{where}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            )
            writer.write(body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):  # who asked has gone
            pass
        finally:
            writer.close()


def said(question: dict[str, Any], **more: Any) -> Answered:
    about = {name: question[name] for name in ("countryCode", "vatNumber")}
    body = {**about, "requestDate": "2026-03-02T09:00:00Z", "requestIdentifier": "", "name": "---", "address": "---"}
    return 200, json.dumps({**body, **more}).encode()


def yes(question: dict[str, Any]) -> Answered:
    return said(question, valid=True, requestIdentifier="WAPIAAAAX1" if "requesterNumber" in question else "")


def no(question: dict[str, Any]) -> Answered:
    return said(question, valid=False)


@asynccontextmanager
async def vies_server() -> AsyncIterator[ViesServer]:
    vies = ViesServer()
    vies.go_on.set()
    server = await asyncio.start_server(vies.serve, "127.0.0.1", 0)
    vies.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/rest-api"
    try:
        yield vies
    finally:
        server.close()
