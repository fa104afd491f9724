"""P16: a process of orders is killed under light load; how long until the next order is placed?"""

import asyncio
import random
import time
from contextlib import suppress
from typing import Any

from tests.performance.driver import Connections, connections
from tests.performance.effects import drained
from tests.performance.figures import Interval, Result, Shape, Void, benchmark
from tests.performance.method import percentile
from tests.performance.stage import Stage
from tests.waiting import eventually

RATE = 3.0
"""Orders a second."""
ROLES = ("relay", "consumer", "worker", "api")
_PLACED = "SELECT count(*) FROM orders WHERE submitted_at >= $1::timestamptz AND status = 'placed'"


class Buying:
    """Light load: orders that the company attests at once, each of which needs every role of orders to be placed."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._chance = stage, random.Random(stage.seed)

    async def run(self) -> None:
        """Until cancelled."""
        services = self._stage.stack.services
        people: set[asyncio.Task[None]] = set()
        async with connections(services["pricing"], many=2) as pricing, asyncio.TaskGroup() as group:
            begun = time.monotonic()
            for number in range(1_000_000):
                await asyncio.sleep(max(0.0, begun + number / RATE - time.monotonic()))
                people.add(group.create_task(self._person(pricing)))

    async def _person(self, pricing: Connections) -> None:
        """Tries again at once when the API is away, as a client does who is in a hurry."""
        shop = self._stage.shop
        company = self._chance.choice(shop.companies)
        cart = await shop.price(pricing, 3, company, company.waiting_buyer)
        order_id = await self._insist("/v1/orders", company.waiting_buyer.token, cart.content)
        await self._insist(f"/v1/orders/{order_id}/attest", company.attester.token, b"")

    async def _insist(self, path: str, token: str, content: bytes) -> str:
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                async with connections(self._stage.stack.services["orders"], many=1) as orders:
                    answer = await orders.post(path, token, content)
                    if answer.status < 400:
                        return answer.json()["order_id"]
                    if answer.status == 409:
                        return ""  # the answer to an earlier attempt was lost
                    if answer.status < 500:
                        raise Void(f"{path}: {answer}")
            await asyncio.sleep(0.05)


async def _seconds_until_placed(stage: Stage, role: str) -> float:
    """From the kill until an order that was submitted after it is placed."""
    async with stage.connection("orders") as connection:
        killed = await connection.fetchval("SELECT clock_timestamp()")
        begun = time.monotonic()
        stage.stack.kill(f"orders-{role}")
        while not await connection.fetchval(_PLACED, killed):
            if time.monotonic() - begun > 60:
                raise Void(f"no order was placed within a minute after orders-{role} was killed")
            await asyncio.sleep(0.02)
        return time.monotonic() - begun


@benchmark("P16-relay", "P16-consumer", "P16-worker", "P16-api", shape=Shape.SPLIT)
async def kills(stage: Stage) -> list[Result]:
    results, rounds = [], stage.size(3, 1)
    for role in ROLES:
        await stage.shop.sign_in()
        load, taken = asyncio.create_task(Buying(stage).run()), []
        try:
            for _ in range(rounds):
                await _steady(stage)
                taken.append(await _seconds_until_placed(stage, role))
                await asyncio.to_thread(stage.stack.wait_ready, f"orders-{role}")
        finally:
            load.cancel()
            with suppress(asyncio.CancelledError):
                await load
        measured = Interval(percentile(taken, 0.5), min(taken), max(taken))
        settings: dict[str, Any] = {
            "kills": rounds,
            "orders_per_second": RATE,
            "seconds": [round(one, 2) for one in taken],
        }
        results.append(Result(f"P16-{role}", measured, settings))
        await drained(stage)
    return results


async def _steady(stage: Stage) -> None:
    """An order is placed while nothing is wrong."""
    async with stage.connection("orders") as connection:
        since = await connection.fetchval("SELECT clock_timestamp()")

        async def placed() -> bool:
            return bool(await connection.fetchval(_PLACED, since))

        await eventually(placed, what="an order is placed")
