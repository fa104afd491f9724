"""Waiting for a condition until a deadline; never for a fixed time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 0.4
PATIENCE = 60.0
"""Seconds. Nearly everything takes less than one; a machine that is busy with something else takes its time."""


class TimedOut(Exception):
    """It did not come true; the message says what."""


async def until(what: str, probe: Callable[[], Awaitable[T | None]], *, within: float = PATIENCE) -> T:
    """The first answer of `probe` that is not None.

    Args:
        within: seconds.
    """
    deadline = time.monotonic() + within
    pause = FIRST_PAUSE
    while True:
        found = await probe()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise TimedOut(f"waited {within:g} s: {what}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
