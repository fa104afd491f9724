"""A TCP proxy in user space: between the services and a part of the stack, it can be slow, deaf, mute or gone.

It runs in a thread of its own, so that the stack can start through it; what a row sets on it holds from then on.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass

CHUNK = 16_384


@dataclass
class Weather:
    """What happens to bytes on their way; calm at first."""

    delay: float = 0.0
    """Seconds for each chunk, in each direction."""
    bytes_per_second: float | None = None
    requests_lost: bool = False
    """What services say does not arrive; connections stay open."""
    answers_lost: bool = False
    """What the part says does not arrive."""
    cut_after: int | None = None
    """Connections are reset once so many bytes of answers have passed."""
    closed: bool = False
    """Nobody is let in, as behind a firewall that says no."""


class Proxy:
    """From one port of this machine to another."""

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self.target = target
        self.weather = Weather()
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()

    def start(self) -> None:
        listening = threading.Event()
        threading.Thread(target=self._run, args=(listening,), daemon=True).start()
        if not listening.wait(10):
            raise OSError(f"the proxy on port {self.port} does not listen")

    def _run(self, listening: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._connect, "127.0.0.1", self.port))
        listening.set()
        self._loop.run_forever()

    @contextlib.contextmanager
    def having(self, weather: Weather) -> Iterator[None]:
        """This weather, and calm at the end."""
        self.weather = weather
        try:
            yield
        finally:
            self.weather = Weather()

    def reset(self) -> None:
        """Breaks every connection that is open now."""
        self._loop.call_soon_threadsafe(self._break_all)

    def _break_all(self) -> None:
        for writer in list(self._open):
            _reset(writer)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.weather.closed:
            return _reset(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            return _reset(writer)
        both = {writer, far_writer}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as directions:
                directions.create_task(self._carry(reader, far_writer, answers=False))
                directions.create_task(self._carry(far_reader, writer, answers=True))
        except* OSError:
            pass
        finally:
            self._open -= both
            for one in both:
                _reset(one)
        return None

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        passed = 0
        while chunk := await reader.read(CHUNK):
            weather = self.weather
            if weather.delay:
                await asyncio.sleep(weather.delay)
            if weather.bytes_per_second:
                await asyncio.sleep(len(chunk) / weather.bytes_per_second)
            if weather.answers_lost if answers else weather.requests_lost:
                continue
            passed += len(chunk)
            if answers and weather.cut_after is not None and passed > weather.cut_after:
                raise ConnectionResetError
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Closes with a reset instead of a farewell."""
    socket_of_it = writer.get_extra_info("socket")
    if socket_of_it is not None and socket_of_it.fileno() >= 0:
        socket_of_it.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
