"""P5: from a commit in one service to the committed effect in another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from chassis.clock import now
from tests.performance.cpu import metered
from tests.performance.driver import Connections, closed_loop, connections, open_loop
from tests.performance.figures import Result, Shape, Void, benchmark
from tests.performance.method import interval, percentile
from tests.performance.shop import Cart, Shop
from tests.performance.stage import Stage
from tests.waiting import eventually

LINES = 20
_COMMITTED = """
SELECT o.event_id, o.type, o.published_at, pg_xact_commit_timestamp(l.xmin) AS at
FROM outbox o JOIN order_lines l ON l.order_id = o.key::uuid AND l.line = 1
WHERE o.created_at >= $1 AND o.topic = 'countersign.orders.order' AND o.type LIKE '%.submitted.%'
"""
_HANDLED = "SELECT event_id, pg_xact_commit_timestamp(xmin) AS at FROM inbox WHERE event_id = ANY($1)"


async def submit(orders: Connections, cart: Cart) -> dict[str, Any]:
    """
    Raises:
        Void: it was refused.
    """
    status, answer, _ = await orders.post("/v1/orders", cart.by.token, cart.content)
    if status != 201:
        raise Void(f"an order was refused: {status} {answer[:200]!r}")
    return dict(orjson.loads(answer))


async def submit_all(shop: Shop, carts: Sequence[Cart], *, at_once: int) -> None:
    async with connections(shop.stack.services["orders"], many=at_once) as orders:
        await closed_loop(carts, lambda cart: submit(orders, cart), at_once=at_once)


async def drained(stage: Stage, *, mails: bool = True) -> None:
    """Every event published and, where somebody sends them, every mail sent."""
    async with stage.connection("notifications") as deliveries:

        async def none_unpublished() -> bool:
            for service in ("orders", "notifications", "pricing", "identity"):
                async with stage.connection(service) as connection:
                    if await connection.fetchval("SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"):
                        return False
            return not mails or not await deliveries.fetchval(
                "SELECT EXISTS (SELECT FROM deliveries WHERE next_attempt_at IS NOT NULL)"
            )

        await eventually(none_unpublished, seconds=300, what="everything published and sent")


LOADS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Shares of the rate at which mails and all that follows keep up with orders; they are accepted faster."""
HALF = 0.5


@benchmark("P5-p50", "P5-p99", shape=Shape.SPLIT)
async def commit_to_effect(stage: Stage) -> list[Result]:
    """From the commit of a submitted order to the commit of its mail's row in notifications, by PostgreSQL's own clock."""
    many = stage.size(100, 10)
    await stage.shop.sign_in()
    probe = await stage.shop.priced_carts(many, LINES)
    with metered({}) as spent:
        await submit_all(stage.shop, probe, at_once=4)
        await drained(stage)
    whole = many / spent.seconds
    points = {load: await _open_loop(stage, whole * load, many * 4 if load == HALF else many) for load in LOADS}
    half = points[HALF]
    settings = {**half.as_json(), "over_load": [point.as_json() for point in points.values()]}
    p99 = interval(half.effects, stage.seed, lambda values: percentile(values, 0.99)).scaled(1000)
    return [
        Result("P5-p50", interval(half.effects, stage.seed).scaled(1000), settings),
        Result("P5-p99", p99, settings),
    ]


@dataclass(frozen=True)
class Point:
    """Orders that came at this rate, in orders a second; seconds of each."""

    offered: float
    placed: float
    answers: Sequence[float]
    """From the moment for which it was intended."""
    published: Sequence[float]
    effects: Sequence[float]
    """These two from its commit."""
    driver_cpu_share: float

    def as_json(self) -> dict[str, Any]:
        spans = {
            "answer_ms": self.answers,
            "commit_to_published_ms": self.published,
            "commit_to_effect_ms": self.effects,
        }
        return {
            "offered": round(self.offered, 1),
            "placed": round(self.placed, 1),
            **{
                name: {f"p{q}": round(percentile(span, q / 100) * 1000, 1) for q in (50, 99)}
                for name, span in spans.items()
            },
            "driver_cpu_share": round(self.driver_cpu_share, 3),
        }


async def _open_loop(stage: Stage, rate: float, many: int) -> Point:
    carts = await stage.shop.priced_carts(many, LINES)
    since = now()
    async with connections(stage.stack.services["orders"], many=32) as orders:
        with metered({}) as spent:
            answers = await open_loop(carts, lambda cart: submit(orders, cart), rate=rate)
    await drained(stage)
    effects, published = await _waits(stage, since, len(carts))
    return Point(rate, many / spent.seconds, answers, published, effects, spent.cpu["driver"] / spent.seconds)


async def _waits(stage: Stage, since: datetime, expected: int) -> tuple[list[float], list[float]]:
    """Seconds from each order's commit to its effect's, and to its publication."""
    async with stage.connection("orders") as orders, stage.connection("notifications") as notifications:
        committed = await orders.fetch(_COMMITTED, since)
        handled = {
            row["event_id"]: row["at"]
            for row in await notifications.fetch(_HANDLED, [row["event_id"] for row in committed])
        }
    if len(committed) != expected or len(handled) != expected:
        raise Void(f"of {expected} orders {len(committed)} are there, {len(handled)} were handled")
    waits = [(handled[row["event_id"]] - row["at"]).total_seconds() for row in committed]
    return waits, [(row["published_at"] - row["at"]).total_seconds() for row in committed]
