"""Waiting for a condition with a deadline; there is no `sleep` in a test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def eventually(probe: Callable[[], Awaitable[T]], *, seconds: float = 60.0, what: str = "") -> T:
    """The first true answer of `probe`.

    Args:
        seconds: the deadline of a test that fails; long enough for the slowest machine, because no other test waits for it.

    Raises:
        TimeoutError: there was none in time; the message holds the last answer.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while True:
        answer = await probe()
        if answer:
            return answer
        if loop.time() > until:
            raise TimeoutError(f"{what or probe.__name__}: still {answer!r} after {seconds} s")
        await asyncio.sleep(0.05)


@asynccontextmanager
async def going(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Work that ends by being cancelled, for as long as the block."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
