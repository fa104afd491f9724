"""A TCP proxy in user space: between the services and a part of the stack, it can be slow, deaf, mute or gone.

It runs in a thread of its own, so that the stack can start through it; what a row sets on it holds from then on.
"""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass

CHUNK = 16_384
ON_THE_WAY = 64
"""Chunks of one direction of a connection; then the sender waits."""
SENT_AGAIN_AFTER = 0.2
"""Seconds, besides a round trip, until TCP notices a loss."""


@dataclass
class Weather:
    """What happens to bytes on their way; calm at first."""

    delay: float = 0.0
    """Seconds for each chunk, in each direction."""
    bytes_per_second: float | None = None
    """Of each connection, in each direction."""
    lost: float = 0.0
    """The share of chunks that TCP has to send again."""
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
        self.lost = 0
        """Chunks that were lost so far, for good or for a while."""
        self._chance = random.Random(target)
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()

    def start(self) -> None:
        listening = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listening,), daemon=True)
        self._thread.start()
        if not listening.wait(10):
            raise OSError(f"the proxy on port {self.port} does not listen")

    def _run(self, listening: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connect, "127.0.0.1", self.port))
        listening.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    def stop(self) -> None:
        """Breaks every connection, and listens no more."""
        self.reset()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

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
        way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(ON_THE_WAY)
        async with asyncio.TaskGroup() as ends:
            ends.create_task(self._take(reader, way, answers=answers))
            ends.create_task(_deliver(way, writer))

    async def _take(
        self, reader: asyncio.StreamReader, way: asyncio.Queue[tuple[float, bytes]], *, answers: bool
    ) -> None:
        """Puts what is said on the way, with the time of its arrival."""
        passed, line_free = 0, 0.0
        while chunk := await reader.read(CHUNK):
            weather, now = self.weather, self._loop.time()
            if weather.answers_lost if answers else weather.requests_lost:
                self.lost += 1
                continue
            passed += len(chunk)
            if answers and weather.cut_after is not None and passed > weather.cut_after:
                raise ConnectionResetError
            line_free = max(line_free, now)
            if weather.bytes_per_second:
                line_free += len(chunk) / weather.bytes_per_second
            arrives = line_free + weather.delay
            if weather.lost and self._chance.random() < weather.lost:
                self.lost += 1
                arrives += SENT_AGAIN_AFTER + 2 * weather.delay
            await way.put((arrives, chunk))
        await way.put((line_free, b""))


async def _deliver(way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
    """In order: what is late holds up what is behind it, as on TCP."""
    clock = asyncio.get_running_loop().time
    while True:
        arrives, chunk = await way.get()
        if (early := arrives - clock()) > 0:
            await asyncio.sleep(early)
        if not chunk:
            break
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
