"""Work in two hands: a thread makes the next piece while the event loop uses the one before, mostly by waiting for PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

P = TypeVar("P")


async def make_ahead(pieces: Iterator[P], use: Callable[[P], Awaitable[None]]) -> None:
    """Uses each piece, in order. One is made ahead, never more.

    A piece that can not be made stops it once the one before has been used; one that can not be used, at once.
    """
    making = _next(pieces)
    try:
        while (piece := await making) is not None:
            making = _next(pieces)
            await use(piece)
    finally:
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)


def _next(pieces: Iterator[P]) -> asyncio.Task[P | None]:
    return asyncio.create_task(asyncio.to_thread(next, pieces, None))
