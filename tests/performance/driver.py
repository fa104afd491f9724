"""The load driver: requests written as bytes over kept connections, so that it costs next to nothing itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar

import orjson

T = TypeVar("T")
R = TypeVar("R")


class Answer(NamedTuple):
    status: int
    body: bytes
    etag: str

    def json(self) -> dict[str, Any]:
        decoded: dict[str, Any] = orjson.loads(self.body)
        return decoded


class Connection:
    """One kept connection. It is for one request at a time."""

    def __init__(self, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._address, self._reader, self._writer = address, reader, writer

    @classmethod
    async def to(cls, address: str) -> "Connection":
        return cls(address, *await _opened(address))

    async def ask(self, method: str, path: str, token: str, content: bytes = b"") -> Answer:
        if self._reader.at_eof():  # the server has closed what was idle for long
            self._writer.close()
            self._reader, self._writer = await _opened(self._address)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        self._writer.write(head.encode() + content)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        body = await self._reader.readexactly(int(_header(answer, b"content-length")))
        return Answer(int(answer.split(b" ", 2)[1]), body, _header(answer, b"etag").decode())

    def close(self) -> None:
        self._writer.close()


async def _opened(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = address.rpartition("://")[2].rpartition(":")
    return await asyncio.open_connection(host, int(port), limit=1 << 24)


def _header(head: bytes, name: bytes) -> bytes:
    """Empty when it is not there."""
    return head.partition(b"\r\n" + name + b": ")[2].partition(b"\r\n")[0]


class Connections:
    """Several kept connections to one address, handed out one by one."""

    def __init__(self, connections: Iterable[Connection]) -> None:
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        self._all = list(connections)
        for one in self._all:
            self._free.put_nowait(one)

    async def post(self, path: str, token: str, content: bytes = b"") -> Answer:
        connection = await self._free.get()
        try:
            return await connection.ask("POST", path, token, content)
        finally:
            self._free.put_nowait(connection)

    async def must(self, path: str, token: str, body: Any = None) -> dict[str, Any]:
        """
        Raises:
            RuntimeError: it was refused.
        """
        answer = await self.post(path, token, orjson.dumps(body) if body is not None else b"")
        if answer.status >= 400:
            raise RuntimeError(f"POST {path} answered {answer.status} {answer.body[:400]!r}")
        return answer.json()

    def close(self) -> None:
        for one in self._all:
            one.close()


@asynccontextmanager
async def connections(*addresses: str, many: int) -> AsyncIterator[Connections]:
    """So many, shared out among the addresses."""
    opened = Connections([await Connection.to(addresses[number % len(addresses)]) for number in range(many)])
    try:
        yield opened
    finally:
        opened.close()


async def closed_loop(work: Sequence[T], act: Callable[[T], Awaitable[R]], *, at_once: int) -> list[R]:
    """Each piece of work once, so many at a time; the answers in the order of the work."""
    waiting = iter(enumerate(work))
    answers: list[Any] = [None] * len(work)

    async def lane() -> None:
        for place, piece in waiting:
            answers[place] = await act(piece)

    async with asyncio.TaskGroup() as lanes:
        for _ in range(min(at_once, len(work))):
            lanes.create_task(lane())
    return answers


async def open_loop(work: Sequence[T], act: Callable[[T], Awaitable[Any]], *, rate: float) -> list[float]:
    """Each piece of work at its moment on a fixed schedule, however long the answers take.

    Returns:
        seconds from the moment for which each was intended to its answer.
    """
    begun, taken = time.perf_counter(), [0.0] * len(work)

    async def one(place: int, piece: T, intended: float) -> None:
        await act(piece)
        taken[place] = time.perf_counter() - intended

    async with asyncio.TaskGroup() as group:
        for place, piece in enumerate(work):
            intended = begun + place / rate
            ahead = intended - time.perf_counter()
            if ahead > 0:
                await asyncio.sleep(ahead)
            group.create_task(one(place, piece, intended))
    return taken


async def one_by_one(act: Callable[[], Awaitable[Any]], times: int) -> list[float]:
    """Seconds of each call, one after the other."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        await act()
        taken.append(time.perf_counter() - begun)
    return taken
