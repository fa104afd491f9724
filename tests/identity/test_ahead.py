"""The next piece is made while one is used."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from identity.ahead import make_ahead


async def test_a_piece_is_made_while_the_one_before_is_used() -> None:
    made, used = threading.Event(), []

    def pieces() -> Iterator[str]:
        yield "first"
        made.set()
        yield "second"

    async def use(piece: str) -> None:
        assert await asyncio.to_thread(made.wait, 10)
        used.append(piece)

    await make_ahead(pieces(), use)
    assert used == ["first", "second"]


async def test_no_more_than_one_is_made_ahead() -> None:
    made: list[int] = []

    def pieces() -> Iterator[int]:
        for number in range(5):
            made.append(number)
            yield number

    async def use(piece: int) -> None:
        assert len(made) <= piece + 2

    await make_ahead(pieces(), use)
    assert made == [0, 1, 2, 3, 4]


async def test_a_piece_that_can_not_be_made_takes_none_before_it_along() -> None:
    made, used = threading.Event(), []

    def pieces() -> Iterator[str]:
        yield "good"
        made.set()
        raise ZeroDivisionError

    async def use(piece: str) -> None:
        assert await asyncio.to_thread(made.wait, 10)
        used.append(piece)

    with pytest.raises(ZeroDivisionError):
        await make_ahead(pieces(), use)
    assert used == ["good"]


async def test_what_can_not_be_used_ends_it_at_once() -> None:
    used = []

    async def use(piece: int) -> None:
        used.append(piece)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await make_ahead(iter(range(1, 5)), use)
    assert used == [1]


async def test_who_is_cancelled_waits_for_no_piece() -> None:
    using, go_on = asyncio.Event(), threading.Event()

    def pieces() -> Iterator[str]:
        yield "first"
        go_on.wait(60)

    async def use(_piece: str) -> None:
        using.set()
        await asyncio.Event().wait()

    working = asyncio.create_task(make_ahead(pieces(), use))
    await using.wait()
    working.cancel()
    try:
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await working
    finally:
        go_on.set()
