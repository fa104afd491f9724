"""A merchant with any number of prices, a buyer of his, and the bare SQL of a priced cart."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import httpx2

from chassis.hot import HotStatement
from contracts.pricing.priced_cart import PricedCart
from local_stack.services import MALLOC
from pricing.buyers.queries import BUYER, UsableList
from pricing.policies import Level, PricingPolicy
from pricing.priced_carts.resolution import RESOLVE, Resolved, arguments
from tests.pricing.merchant import MASTER_KEY, Merchant

TIERS = 4
LISTS = 5
"""That the buyer has: one of its own, three of its groups, the base list."""
GROUPS = ("retail", "north", "gold")


async def fill(merchant: Merchant, prices: int) -> tuple[Any, httpx2.AsyncClient]:
    """`prices` prices in force: five lists of the buyer, and as many others as it takes."""
    articles = min(20_000, max(2_000, prices // (LISTS * TIERS)))
    lists = max(LISTS, prices // (articles * TIERS))
    company = await merchant.company(groups=GROUPS)
    member = await merchant.member(company)
    await merchant.vat_rate("NL", "21")
    for number in range(lists):
        await merchant.price_list(f"list-{number}", base=number == 0)
    await merchant.give("list-1", company=company)
    for number, group in enumerate(GROUPS, 2):
        await merchant.give(f"list-{number}", group=group)
    connection = await asyncpg.connect(merchant.database.url.replace("+asyncpg", ""))
    try:
        await connection.execute(
            """
            INSERT INTO articles (id, sequence, code, names, unit, pack_size, vat_class, status)
            SELECT gen_random_uuid(), 1, 'A' || n, jsonb_build_object('en', 'Article ' || n), 'piece', 1, 'standard',
                'active' FROM generate_series(1, $1::int) n
            """,
            articles,
        )
        await connection.execute(
            """
            INSERT INTO price_versions (list_number, recorded_from) SELECT number, now() FROM price_lists ORDER BY number
            """
        )
        await connection.execute(
            """
            INSERT INTO prices (list_number, article_number, version, from_quantity, unit_price)
            SELECT v.list_number, a.number, v.number, tier.from_quantity,
                round((a.number % 97 + 1) * tier.factor * (1 - v.list_number % 5 * 0.02), 4)
            FROM price_versions v CROSS JOIN articles a
            CROSS JOIN (VALUES (1, 1.0), (10, 0.95), (50, 0.9), (250, 0.8)) AS tier(from_quantity, factor)
            """,
            timeout=1800,
        )
        await connection.execute("VACUUM ANALYZE", timeout=1800)
    finally:
        await connection.close()
    return company, member


class Api:
    """The `api` role of a service as a process, on a database of the benchmark's."""

    def __init__(self, url: str, service: str = "pricing", **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.process = subprocess.Popen(
            [sys.executable, "-m", service, "api"],
            env={
                **os.environ,
                **MALLOC,
                "COUNTERSIGN_DATABASE_URL": url,
                "COUNTERSIGN_MASTER_KEY": MASTER_KEY,
                "COUNTERSIGN_HTTP_PORT": str(self.port),
                "COUNTERSIGN_LOG_LEVEL": "WARNING",
                **environment,
            },
        )

    async def ready(self) -> None:
        async with httpx2.AsyncClient() as client:
            for _ in range(100):
                try:
                    await client.get(f"http://127.0.0.1:{self.port}/health/live")
                except httpx2.TransportError:
                    await asyncio.sleep(0.1)
                else:
                    return
        raise RuntimeError("the service does not answer")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


async def bare(connection: Any, buyer_ids: dict[str, str], lines: list[tuple[str, Decimal]]) -> Callable[[], Any]:
    """The same two statements with the same result, without anything around them."""
    at = datetime.now(UTC)
    of_buyer, of_lines = HotStatement(BUYER), HotStatement(RESOLVE)
    values = of_buyer.arguments({**buyer_ids, "storefront": None, "ship_to": None, "at": at, "known": at})
    buyer = await connection.prepare(of_buyer.sql)
    row = await buyer.fetchrow(*values)
    lists = [
        UsableList(one[0], one[1], one[2], Level(one[3]), one[4], one[5], one[6]) for one in json.loads(row["lists"])
    ]
    resolve_values = of_lines.arguments(arguments(lines, lists, PricingPolicy().levels, at=at, language="en"))
    resolve = await connection.prepare(of_lines.sql)

    async def run() -> Any:
        await buyer.fetchrow(*values)
        return [tuple(one) for one in await resolve.fetch(*resolve_values)]

    return run


def check(answer: tuple[int, bytes], rows: list[tuple[Any, ...]]) -> None:
    """Both ways came to the same nets, or the number is void."""
    status, body = answer
    assert status == 201, body
    cart = PricedCart.model_validate(json.loads(body)["cart"])
    assert cart.is_consistent
    assert [line.net for line in cart.lines] == [Resolved._make(row).net for row in rows]
