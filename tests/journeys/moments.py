"""Making several requests meet at one moment: none of them goes on before all of them are there."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import asyncpg
import httpx2

from local_stack import Stack
from tests.journeys.holding import database_of
from tests.waiting import eventually

_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'
"""


async def at_one_moment(
    stack: Stack, service: str, row: str, requests: Sequence[Coroutine[Any, Any, httpx2.Response]]
) -> list[httpx2.Response]:
    """Their answers, in their order.

    Args:
        row: what all of them write, as `orders WHERE id = '…'`. It is held until each of them stands before it or is
            answered; code that reads it before it writes, and does not lock it, has read it by then.
    """
    holder, observer = [await asyncpg.connect(database_of(stack, service)) for _ in range(2)]
    try:
        transaction = holder.transaction()
        await transaction.start()
        assert await holder.fetch(f"SELECT 1 FROM {row} FOR UPDATE"), f"there is no row {row}"
        tasks = [asyncio.create_task(request) for request in requests]

        async def all_there() -> bool:
            answered = sum(task.done() for task in tasks)
            return await observer.fetchval(_WAITING, service) + answered >= len(tasks)

        await eventually(all_there, seconds=8, what=f"{len(tasks)} requests before {row}")
        await transaction.rollback()
        return await asyncio.gather(*tasks)
    finally:
        await holder.close()
        await observer.close()
