"""F-A6. Clients that never finish, or leave in the middle, take nobody's turn; one that only closes its half is answered."""

import asyncio
import contextlib
import socket
import struct
import time
from urllib.parse import urlsplit

import httpx2

from faults.row import Row
from faults.system import Failed, NotInjected, System

SECONDS = 30
SLOW, LEAVING = 300, 20
"""Connections to each of the two services; those who leave come again and again."""
_HEAD = b"POST /v1/%s HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
TARGETS = {"orders": b"orders", "identity": b"sessions"}


async def inject(system: System) -> None:
    over = asyncio.get_running_loop().time() + system.lasting(SECONDS)
    try:
        await _all_of_them(system, over)
    except ExceptionGroup as group:
        first = group.exceptions[0]
        raise first if isinstance(first, Failed) else NotInjected(repr(first)) from group


async def _all_of_them(system: System, over: float) -> None:
    async with asyncio.TaskGroup() as bad:
        for service, path in TARGETS.items():
            place = urlsplit(system.stack.services[service])
            for number in range(SLOW):
                bad.create_task(_drips(place.port or 0, path, over, in_body=number % 2 == 0))
            for _ in range(LEAVING):
                bad.create_task(_leaves(place.port or 0, path, over))
            bad.create_task(_closes_its_half(place.port or 0, over))
            bad.create_task(_is_prompt(system, service, over))


async def _drips(port: int, path: bytes, over: float, *, in_body: bool) -> None:
    """A byte a second of a request that never ends."""
    loop = asyncio.get_running_loop()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(OSError):
        writer.write(_HEAD % (path, 5000) + (b"\r\n{" if in_body else b"X-Slow: "))
        while loop.time() < over:
            writer.write(b" " if in_body else b"a")
            await writer.drain()
            await asyncio.sleep(1)
    writer.close()


async def _leaves(port: int, path: bytes, over: float) -> None:
    """Resets the connection in the middle of its body."""
    loop = asyncio.get_running_loop()
    while loop.time() < over:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_HEAD % (path, 5000) + b'\r\n{"lines": [')
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        await asyncio.sleep(0.2)


async def _closes_its_half(port: int, over: float) -> None:
    """
    Raises:
        Failed: neither answered nor let go.
    """
    loop = asyncio.get_running_loop()
    while loop.time() < over:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")
        writer.write_eof()
        try:
            async with asyncio.timeout(10):
                await reader.read()
        except TimeoutError as error:
            raise Failed("a client that closed its half hangs") from error
        finally:
            writer.close()
        await asyncio.sleep(0.5)


async def _is_prompt(system: System, service: str, over: float) -> None:
    """
    Raises:
        Failed: good clients wait.
    """
    loop, worst = asyncio.get_running_loop(), 0.0
    async with httpx2.AsyncClient(timeout=10) as http:
        while loop.time() < over:
            began = time.monotonic()
            answer = await http.get(f"{system.stack.services[service]}/health/ready")
            worst = max(worst, time.monotonic() - began)
            if not answer.is_success:
                raise Failed(f"{service} is not ready: {answer.text}")
            await asyncio.sleep(0.5)
    system.notes[f"slowest_{service}_s"] = round(worst, 2)
    if worst > 2:
        raise Failed(f"{service} answered after {worst:.1f} s")


row = Row("F-A6", "API service", "client resets mid-body, slow-loris, half-closed", "I8", inject)
