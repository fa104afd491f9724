"""The proxy between the services and a part of the stack."""

import asyncio
import socket

import pytest
from faults.proxy import CHUNK, SENT_AGAIN_AFTER, Proxy, Weather


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
async def proxy():
    """Before a server that says everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(1000):
            writer.write(said)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    one = Proxy(free_port(), server.sockets[0].getsockname()[1])
    one.start()
    yield one
    one.stop()
    assert await heard(one) == b""
    server.close()


async def heard(proxy: Proxy, said: bytes = b"hello", within: float = 1.0) -> bytes:
    """Empty: the connection broke."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    except ConnectionError:
        return b""
    try:
        writer.write(said)
        async with asyncio.timeout(within):
            return await reader.read(1000)
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()


async def test_calm_weather_lets_everything_through(proxy: Proxy):
    assert await heard(proxy) == b"hello"


@pytest.mark.parametrize("weather", [Weather(answers_lost=True), Weather(requests_lost=True), Weather(delay=5)])
async def test_what_is_lost_or_late_is_not_heard(proxy: Proxy, weather: Weather):
    with proxy.having(weather), pytest.raises(TimeoutError):
        await heard(proxy, within=0.3)
    assert await heard(proxy) == b"hello"


async def test_a_long_way_is_no_narrow_one(proxy: Proxy):
    """What is said while other words are on their way does not wait for these to arrive."""
    delay, said = 0.3, b"x" * 10 * CHUNK
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    clock = asyncio.get_running_loop().time
    began = clock()
    with proxy.having(Weather(delay=delay)):
        writer.write(said)
        await reader.readexactly(len(said))
    writer.transport.abort()
    assert 2 * delay <= clock() - began < 10 * delay


async def test_what_is_lost_on_the_way_comes_later(proxy: Proxy):
    clock = asyncio.get_running_loop().time
    began = clock()
    with proxy.having(Weather(lost=1.0)):
        assert await heard(proxy, within=5) == b"hello"
    assert clock() - began >= 2 * SENT_AGAIN_AFTER
    assert proxy.lost == 2


@pytest.mark.parametrize("weather", [Weather(closed=True), Weather(cut_after=3)])
async def test_a_cut_is_noticed(proxy: Proxy, weather: Weather):
    with proxy.having(weather):
        assert await heard(proxy) == b""


async def test_open_connections_are_reset(proxy: Proxy):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"hello")
    assert await reader.read(1000) == b"hello"
    proxy.reset()
    with pytest.raises(ConnectionError):
        await reader.readexactly(1)
    writer.transport.abort()
