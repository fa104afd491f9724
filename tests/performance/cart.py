"""P8, P9 and P11: priced carts, by themselves, after a price has changed, and while prices are imported."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from pricing.app import service as pricing_service
from tests.performance.cpu import metered
from tests.performance.driver import Connection, Connections, connections, one_by_one, open_loop
from tests.performance.figures import Interval, Result, Shape, Void, benchmark
from tests.performance.many_prices import Api, bare, check, fill
from tests.performance.method import Sample, paired, percentile
from tests.performance.shop import ARTICLES
from tests.performance.stage import Stage
from tests.pricing.merchant import Merchant

LINES = 200

# -- P8 --------------------------------------------------------------------------------------------------------------

Priced = Callable[[], Awaitable[tuple[int, bytes]]]


@dataclass(frozen=True)
class Priceable:
    """A database with so many prices, pricing's API on it, and a buyer."""

    database: str
    prices: int
    articles: int
    connection: Any
    http: Connection
    pid: int
    token: str
    buyer: dict[str, str]

    def lines(self, chance: random.Random, many: int) -> list[tuple[str, Decimal]]:
        return [(f"A{chance.randint(1, self.articles)}", Decimal(chance.choice((1, 12, 60)))) for _ in range(many)]

    def over_http(self, lines: Sequence[tuple[str, Decimal]]) -> Priced:
        body = {"lines": [{"article": article, "quantity": str(quantity)} for article, quantity in lines]}
        content = json.dumps(body).encode()

        async def price() -> tuple[int, bytes]:
            answer = await self.http.ask("POST", "/v1/priced-carts", self.token, content)
            return answer.status, answer.body

        return price

    async def by_sql(self, lines: list[tuple[str, Decimal]]) -> Callable[[], Awaitable[Any]]:
        return await bare(self.connection, self.buyer, lines)


@asynccontextmanager
async def priceable(stage: Stage, prices: int) -> AsyncIterator[Priceable]:
    async with stage.new_database(pricing_service) as database:
        merchant = Merchant(database)
        await merchant.open()
        company, member = await fill(merchant, prices)
        name = database.url.rpartition("/")[2]
        async with stage.connection(name) as connection:
            key, contact = await connection.fetchrow("SELECT key, contact_id::text FROM members")
            articles, held = await connection.fetchrow(
                "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM prices)"
            )
            api = Api(database.url)
            try:
                await api.ready()
                http = await Connection.to(f"127.0.0.1:{api.port}")
                token = member.headers["Authorization"].removeprefix("Bearer ")
                buyer = {"company": str(company), "member": key, "contact": contact}
                yield Priceable(name, held, articles, connection, http, api.process.pid, token, buyer)
                http.close()
            finally:
                api.stop()


async def _p50(act: Callable[[], Awaitable[Any]], times: int, pid: int) -> Sample:
    with metered({"api": pid}) as spent:
        taken = await one_by_one(act, times)
    return Sample(percentile(taken, 0.5), spent.per(times), {"p99": percentile(taken, 0.99)})


@benchmark("P8", "P8-statements", "P8-flat", "BAD-per-line", shape=Shape.INFRASTRUCTURE)
async def priced_cart(stage: Stage) -> list[Result]:
    chance, times, pairs = random.Random(stage.seed), stage.size(20, 5), stage.size(8, 3)
    settings: dict[str, Any] = {"lines": LINES, "requests_per_block": times}
    small_prices, large_prices = 10_000, stage.size(10_000_000, 40_000)
    async with priceable(stage, small_prices) as small, priceable(stage, large_prices) as large:
        for place in (small, large):
            for many in (LINES // 4, LINES):
                lines = place.lines(chance, many)
                over_http, by_sql = place.over_http(lines), await place.by_sql(lines)
                await one_by_one(over_http, times)
                check(await over_http(), await by_sql())
                measured = await paired(
                    partial(_p50, by_sql, times, place.pid),
                    partial(_p50, over_http, times, place.pid),
                    pairs=pairs,
                    seed=stage.seed,
                )
                check(await over_http(), await by_sql())
                settings[f"{place.prices} prices, {many} lines"] = {**measured.medians(), "ratio": measured.ratio.value}
        statements = await _statements(stage, large, over_http)
        of_small = small.over_http(small.lines(chance, LINES))
        flat = await paired(
            lambda: _p50(of_small, times, small.pid),
            lambda: _p50(over_http, times, large.pid),
            pairs=pairs,
            seed=stage.seed,
        )
        one_by_one_lines = [await large.by_sql([line]) for line in lines]

        async def each_line() -> None:
            for price in one_by_one_lines:
                await price()

        per_line = await paired(
            lambda: _p50(by_sql, 3, large.pid), lambda: _p50(each_line, 3, large.pid), pairs=3, seed=stage.seed
        )
    return [
        measured.result("P8", settings),
        Result("P8-statements", Interval(statements, statements, statements)),
        flat.result("P8-flat", {"prices": [small.prices, large.prices], **flat.medians()}),
        per_line.result("BAD-per-line", per_line.medians()),
    ]


_STATEMENTS = """
SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()
"""


async def _statements(stage: Stage, place: Priceable, price: Priced) -> float:
    """Without a transaction around them, statements are transactions, which PostgreSQL counts.

    A connection tells of its own within a transaction that begins a second after it last did.
    """
    times = 200
    async with stage.connection(place.database) as connection:

        async def counted() -> int:
            await asyncio.sleep(1.2)
            await price()
            return int(await connection.fetchval(_STATEMENTS))

        await counted()
        before = await counted()
        await one_by_one(price, times)
        return round((await counted() - before) / times, 1)


# -- P9 --------------------------------------------------------------------------------------------------------------


@benchmark("P9", shape=Shape.SPLIT)
async def changed_price(stage: Stage) -> list[Result]:
    """From sending the new price until a priced cart with it is there."""
    shop, taken = stage.shop, []
    await shop.sign_in()
    buyer = shop.companies[0].free_buyer
    async with connections(stage.stack.services["pricing"], many=1) as pricing:
        for number in range(stage.size(30, 5)):
            price = f"{1000 + number}.5"
            path, body = (
                f"/price-lists/{shop.price_list}/prices/B{number + 1}",
                {"tiers": [{"from": "1", "price": price}]},
            )
            cart = {
                "currency": "EUR",
                "ship_to_country": "NL",
                "lines": [{"article": f"B{number + 1}", "quantity": "1"}],
            }
            with metered({}) as spent:
                await shop.api("pricing").call("PUT", path, token=shop.staff, body=body)
                while Decimal((await pricing.must("/v1/priced-carts", buyer.token, cart))["cart"]["net"]) != Decimal(
                    price
                ):
                    pass
            taken.append(spent.seconds)
    return [Result("P9", Interval(percentile(taken, 0.5), min(taken), max(taken)), {"changes": len(taken)})]


# -- P11 -------------------------------------------------------------------------------------------------------------

CARTS_PER_SECOND = 40.0


class Importing:
    """Imports of one list's prices, and `COPY` of the same rows into a table with the same index."""

    def __init__(self, stage: Stage, connection: Any, pricing: Connections, rows: int) -> None:
        self._stage, self._connection, self._pricing, self._rows = stage, connection, pricing, rows
        tiers = range(1, rows // ARTICLES + 1)
        self._lines = [
            f"B{article},{tier},{article % 97 + 1}.{tier:02}" for article in range(1, ARTICLES + 1) for tier in tiers
        ]
        self._copied = "".join(
            f"1\t{article}\t1\t{tier}\t{tier}\t{article % 97 + 1}.{tier:02}\t\\N\t\\N\n"
            for article in range(1, ARTICLES + 1)
            for tier in tiers
        ).encode()

    async def import_all(self) -> Sample:
        """From the upload until the prices are in force, preview included."""
        shop = self._stage.shop
        await shop.sign_in()
        with metered(self._stage.pids("pricing-worker", "pricing-api", "postgres")) as spent:
            applied = await shop.import_csv(
                f"/price-lists/{shop.imported_list}/imports", "article,from_quantity,price", self._lines
            )
        if applied["applied"] != len(self._lines):
            raise Void(f"{applied['applied']} of {len(self._lines)} rows were applied")
        return Sample(len(self._lines) / spent.seconds, spent.per(len(self._lines)))

    async def copy(self) -> Sample:
        await self._connection.execute("TRUNCATE copied_prices")

        async def source() -> AsyncIterator[bytes]:
            yield self._copied

        columns = [
            "list_number",
            "article_number",
            "version",
            "row",
            "from_quantity",
            "unit_price",
            "valid_from",
            "valid_until",
        ]
        with metered(self._stage.pids("postgres")) as spent:
            await self._connection.copy_to_table("copied_prices", source=source(), columns=columns)
        return Sample(len(self._lines) / spent.seconds, spent.per(len(self._lines)))

    async def carts_alone(self) -> Sample:
        return await self._carts(asyncio.sleep(2.0))

    async def carts_beside(self) -> Sample:
        return await self._carts(self.import_all())

    async def _carts(self, beside: Awaitable[Any]) -> Sample:
        """p99 of carts at a fixed rate for as long as the other thing takes."""
        shop = self._stage.shop
        buyer, running = shop.companies[0].free_buyer, asyncio.ensure_future(beside)
        taken: list[float] = []
        while not running.done():
            carts = [shop.cart(20) for _ in range(int(CARTS_PER_SECOND // 4))]
            taken += await open_loop(
                carts, lambda cart: self._pricing.must("/v1/priced-carts", buyer.token, cart), rate=CARTS_PER_SECOND
            )
        await running
        return Sample(percentile(taken, 0.99), {}, {"carts": len(taken), "p50": percentile(taken, 0.5)})


@benchmark("P11-rows", "P11-p99", shape=Shape.SPLIT)
async def price_import(stage: Stage) -> list[Result]:
    settings: dict[str, Any] = {"carts_per_second": CARTS_PER_SECOND}
    shop = stage.shop
    await shop.sign_in()
    body = {"currency": "EUR", "base": False}
    await shop.api("pricing").call("PUT", f"/price-lists/{shop.imported_list}", token=shop.staff, body=body)
    async with (
        stage.connection("pricing") as connection,
        connections(stage.stack.services["pricing"], many=8) as pricing,
    ):
        await connection.execute("DROP TABLE IF EXISTS copied_prices")
        await connection.execute("CREATE TABLE copied_prices (LIKE prices INCLUDING ALL)")
        try:
            for rows in (stage.size(40_000, 4_000), stage.size(160_000, 8_000)):
                importing = Importing(stage, connection, pricing, rows)
                await importing.import_all()
                rate = await paired(importing.copy, importing.import_all, pairs=stage.size(4, 3), seed=stage.seed)
                settings[f"{rows} rows"] = rate.medians()
            p99 = await paired(importing.carts_alone, importing.carts_beside, pairs=stage.size(4, 3), seed=stage.seed)
        finally:
            await connection.execute("DROP TABLE copied_prices")
    return [rate.result("P11-rows", settings), p99.result("P11-p99", p99.medians())]
