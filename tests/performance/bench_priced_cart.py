"""How much a priced cart costs over HTTP beside the bare SQL of the same result (figure P8).

    python -m tests.performance.bench_priced_cart [--prices 10000 40000] [--lines 40 200] [--blocks 12] [--requests 25]

Needs a running local stack (`make infra`); makes a database of its own and starts pricing's `api` role on it. HTTP and
bare SQL alternate in short blocks; reported is the median of the paired block ratios of p50, with a bootstrap interval.
The bare SQL is the same two statements, prepared, over asyncpg, with every value fetched.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import httpx2

import local_stack
from chassis.database import Database
from chassis.hot import HotStatement
from chassis.housekeeping import keep_house
from chassis.ids import new_id
from chassis.migrations import migrate
from contracts.pricing.priced_cart import PricedCart
from pricing.app import service
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
    """Pricing's `api` role as a process."""

    def __init__(self, url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pricing", "api"],
            env={
                **os.environ,
                "COUNTERSIGN_DATABASE_URL": url,
                "COUNTERSIGN_MASTER_KEY": MASTER_KEY,
                "COUNTERSIGN_HTTP_PORT": str(self.port),
                "COUNTERSIGN_LOG_LEVEL": "WARNING",
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
        raise RuntimeError("pricing does not answer")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


class Connection:
    """One kept connection over which requests are written as bytes, so that the driver costs next to nothing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader, self._writer, self._token = reader, writer, token

    @classmethod
    async def to(cls, port: int, token: str) -> "Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 24), token)

    async def post(self, path: str, content: bytes) -> tuple[int, bytes]:
        """Status and body."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: pricing\r\nAuthorization: {self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        self._writer.write(head.encode() + content)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        return int(answer.split(b" ", 2)[1]), await self._reader.readexactly(length)


async def block(act: Callable[[], Awaitable[Any]], times: int) -> float:
    """Median seconds."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        await act()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


async def bare(connection: Any, company: Any, member: str, lines: list[tuple[str, Decimal]]) -> Callable[[], Any]:
    """The same two statements with the same result, without anything around them."""
    at = datetime.now(UTC)
    of_buyer, of_lines = HotStatement(BUYER), HotStatement(RESOLVE)
    values = of_buyer.arguments({"company": str(company), "member": member, "ship_to": None, "at": at, "known": at})
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


async def measure(prices: int, sizes: list[int], blocks: int, requests: int, seed: random.Random) -> None:
    stack = local_stack.load(os.environ.get("COUNTERSIGN_TEST_STACK", "demo"))
    name = f"bench_{new_id().hex[-12:]}"
    admin = await asyncpg.connect(stack.postgres)
    await admin.execute(f"CREATE DATABASE {name}")
    url = f"{stack.postgres.replace('postgresql://', 'postgresql+asyncpg://').rsplit('/', 1)[0]}/{name}"
    database = Database(url, name="bench")
    api = None
    try:
        await migrate(database.engine, service.migrations)
        await keep_house(database)
        merchant = Merchant(database)
        await merchant.open()
        company, member = await fill(merchant, prices)
        connection = await asyncpg.connect(url.replace("+asyncpg", ""), server_settings={"jit": "off"})
        held = await connection.fetchval("SELECT count(*) FROM prices")
        member_id = await connection.fetchval("SELECT key FROM members")
        articles = await connection.fetchval("SELECT count(*) FROM articles")
        api = Api(url)
        await api.ready()
        token = member.headers["Authorization"]
        http = await Connection.to(api.port, token)
        for size in sizes:
            lines = [(f"A{seed.randint(1, articles)}", Decimal(seed.choice((1, 12, 60)))) for _ in range(size)]
            run = await bare(connection, company, member_id, lines)
            body = {"lines": [{"article": article, "quantity": str(quantity)} for article, quantity in lines]}
            content = json.dumps(body).encode()

            async def price(content: bytes = content) -> tuple[int, bytes]:
                return await http.post("/v1/priced-carts", content)

            check(await price(), await run())
            await block(price, 20)
            await block(run, 20)
            pairs = []
            for _ in range(blocks):
                order = [price, run] if seed.random() < 0.5 else [run, price]
                took = {act: await block(act, requests) for act in order}
                pairs.append((took[price], took[run]))
            report(held, size, pairs, seed)
            check(await price(), await run())
        await connection.close()
    finally:
        if api is not None:
            api.stop()
        await database.close()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


def check(answer: tuple[int, bytes], rows: list[tuple[Any, ...]]) -> None:
    """Both ways came to the same nets, or the number is void."""
    status, body = answer
    assert status == 201, body
    cart = PricedCart.model_validate(json.loads(body)["cart"])
    assert cart.is_consistent
    assert [line.net for line in cart.lines] == [Resolved._make(row).net for row in rows]


def report(prices: int, lines: int, pairs: list[tuple[float, float]], seed: random.Random) -> None:
    ratios = [http / sql for http, sql in pairs]
    medians = sorted(statistics.median(seed.choices(ratios, k=len(ratios))) for _ in range(2000))
    http, sql = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    print(  # noqa: T201 - the report
        f"{prices:>10,} prices  {lines:>5} lines  HTTP {http:7.2f} ms  SQL {sql:7.2f} ms  "
        f"ratio {statistics.median(ratios):.2f} [{medians[50]:.2f} - {medians[1949]:.2f}]"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--prices", type=int, nargs="+", default=[40_000, 160_000])
    options.add_argument("--lines", type=int, nargs="+", default=[40, 200])
    options.add_argument("--blocks", type=int, default=12)
    options.add_argument("--requests", type=int, default=25)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    for prices in chosen.prices:
        asyncio.run(measure(prices, chosen.lines, chosen.blocks, chosen.requests, random.Random(chosen.seed)))


if __name__ == "__main__":
    main()
