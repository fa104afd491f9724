"""P10 and P12: submitting orders that no one has to attest."""

import asyncio
import os
import socket
import statistics
import sys
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from contracts.pricing.priced_cart import PricedCart
from orders.app import service as orders_service
from tests.performance.cpu import metered
from tests.performance.driver import Connection, Connections, closed_loop, connections
from tests.performance.effects import drained, submit
from tests.performance.figures import Result, Shape, Void, benchmark
from tests.performance.method import Sample, paired, percentile
from tests.performance.shop import Cart
from tests.performance.stage import Stage
from tests.waiting import eventually

LINES = 20
AT_ONCE = 8
APIS = os.cpu_count() or 1


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass(frozen=True)
class Api:
    """A process that answers HTTP."""

    pid: int
    address: str


@asynccontextmanager
async def answering(stage: Stage, module: str, *arguments: str) -> AsyncIterator[Api]:
    """A process besides those of the stack, with the settings of orders, for as long as it is needed."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, env=stage.environment("orders", COUNTERSIGN_HTTP_PORT=str(port))
    )
    api = Api(process.pid, f"http://127.0.0.1:{port}")

    async def ready() -> bool:
        if process.returncode is not None:
            raise Void(f"a process ended with {process.returncode}")
        try:
            connection = await Connection.to(api.address)
            try:
                return (await connection.ask("GET", "/health/ready", "")).status != 503
            finally:
                connection.close()
        except OSError:
            return False

    try:
        await eventually(ready, what="it listens")
        yield api
    finally:
        process.terminate()
        await process.wait()


def _bare_body(cart: Cart) -> bytes:
    """The lines of a signed cart, as the bare route takes them."""
    signed = orjson.loads(cart.content)["signed"]
    document = PricedCart.model_validate_json(_payload(signed))
    lines = [line.model_dump(mode="json") for line in document.lines]
    return orjson.dumps({"company_id": str(document.company_id), "lines": lines})


def _payload(signed: str) -> bytes:
    middle = signed.split(".")[1]
    return urlsafe_b64decode(middle + "=" * (-len(middle) % 4))


class Accepting:
    """Blocks of accepted orders, ours and bare."""

    def __init__(
        self,
        stage: Stage,
        ours: Connections,
        our_apis: Sequence[Api],
        bare: Connections,
        bare_apis: Sequence[Api],
        many: int,
    ) -> None:
        """
        Args:
            our_apis: besides that of the stack.
        """
        self._stage, self._ours, self._bare, self._many = stage, ours, bare, many
        self._our_pids = {**stage.all_pids(), **{f"orders-api-{n}": one.pid for n, one in enumerate(our_apis, 2)}}
        self._bare_pids = {**{f"api-{n}": one.pid for n, one in enumerate(bare_apis, 1)}, **stage.pids("postgres")}

    async def ours(self) -> Sample:
        """With everything that follows from them going on beside it; how long that takes longer is shown."""
        carts = await self._stage.shop.priced_carts(self._many, LINES)
        with metered(self._our_pids) as whole:
            with metered(self._our_pids) as spent:
                answers = await closed_loop(carts, lambda cart: submit(self._ours, cart), at_once=AT_ONCE)
            await drained(self._stage)
        if {answer["status"] for answer in answers} != {"placed"}:
            raise Void("not every order was placed at once")
        facts = {
            "driver_cpu_share": spent.cpu["driver"] / spent.seconds,
            "drained_per_second": self._many / whole.seconds,
            **{f"cpu_ms_{name}": each * 1000 for name, each in whole.per(self._many).items()},
        }
        return Sample(self._many / spent.seconds, spent.per(self._many), facts)

    async def bare(self, bodies: Sequence[bytes]) -> Sample:
        async def post(body: bytes) -> None:
            status, answer, _ = await self._bare.post("/v1/orders", "", body)
            if status != 201:
                raise Void(f"the bare route refused: {status} {answer[:200]!r}")

        work = [bodies[number % len(bodies)] for number in range(self._many * 2)]
        with metered(self._bare_pids) as spent:
            await closed_loop(work, post, at_once=AT_ONCE)
        return Sample(
            len(work) / spent.seconds, spent.per(len(work)), {"driver_cpu_share": spent.cpu["driver"] / spent.seconds}
        )


@benchmark("P10", shape=Shape.SPLIT)
async def accepted_orders(stage: Stage) -> list[Result]:
    """Either side has a process that answers for each core, as a load balancer would share requests out."""
    settings: dict[str, Any] = {"lines": LINES, "at_once": AT_ONCE, "api_processes": APIS}
    shop, measured = stage.shop, None
    async with stage.new_database(orders_service) as database, AsyncExitStack() as opened:
        await shop.sign_in()
        samples = await shop.priced_carts(8, LINES)
        first = stage.stack.services["orders"]
        async with connections(first, many=1) as one:
            sample = (await submit(one, samples[0]))["order_id"]
        bare_url = database.url.replace("+asyncpg", "")
        bare_apis = [
            await opened.enter_async_context(
                answering(stage, "tests.performance.bare_api", stage.url("orders"), sample, bare_url)
            )
            for _ in range(APIS)
        ]
        our_apis = [await opened.enter_async_context(answering(stage, "orders", "api")) for _ in range(APIS - 1)]
        ours = await opened.enter_async_context(connections(first, *(one.address for one in our_apis), many=AT_ONCE))
        bare = await opened.enter_async_context(connections(*(one.address for one in bare_apis), many=AT_ONCE))
        bodies = [_bare_body(cart) for cart in samples]
        for many in (stage.size(120, 10), stage.size(480, 20)):
            await shop.sign_in()
            accepting = Accepting(stage, ours, our_apis, bare, bare_apis, many)
            await accepting.bare(bodies)
            measured = await paired(
                partial(accepting.bare, bodies), accepting.ours, pairs=stage.size(6, 3), seed=stage.seed
            )
            settings[f"{many} orders"] = measured.medians()
        async with connections(first, many=AT_ONCE) as alone:
            by_one = Accepting(stage, alone, (), bare, bare_apis, many)
            rates = [(await by_one.ours()).value for _ in range(3)]
        settings["orders/s with one process"] = stage.results["orders/s"] = statistics.median(rates)
        await _same_rows(stage, database.url.rpartition("/")[2], sample)
    assert measured is not None
    return [measured.result("P10", settings)]


async def _same_rows(stage: Stage, bare_database: str, sample: str) -> None:
    """Both ways leave as many rows of each kind per order."""
    counts = """SELECT (SELECT count(*) FROM order_lines) / count(*)::float AS lines,
        (SELECT count(*) FROM outbox WHERE key IN (SELECT id::text FROM orders)) / count(*)::float AS events FROM orders"""
    of_sample = """SELECT (SELECT count(*) FROM order_lines WHERE order_id = $1::uuid)::float AS lines,
        (SELECT count(*) FROM outbox WHERE key = $1::text)::float AS events"""
    async with stage.connection(bare_database) as bare, stage.connection("orders") as ours:
        found, wanted = (
            await bare.fetchrow(counts),
            await ours.fetchrow(of_sample.replace("$1::uuid", "$1::text::uuid"), sample),
        )
    if dict(found) != dict(wanted):
        raise Void(f"the bare route left {dict(found)} for each order, ours {dict(wanted)}")


@benchmark("P12", shape=Shape.SPLIT)
async def large_orders(stage: Stage) -> list[Result]:
    """p50 of `POST /v1/orders` for carts priced before, one at a time."""
    shop, many = stage.shop, stage.size(6, 2)
    settings: dict[str, Any] = {"orders_per_block": many}
    async with connections(stage.stack.services["orders"], many=1) as orders:

        async def block(lines: int) -> Sample:
            carts = await shop.priced_carts(many, lines)
            taken = []
            for cart in carts:
                with metered({}) as spent:
                    await submit(orders, cart)
                taken.append(spent.seconds)
            await drained(stage)
            return Sample(percentile(taken, 0.5))

        measured = None
        for lines in (250, 1_000):
            await shop.sign_in()
            measured = await paired(partial(block, 10), partial(block, lines), pairs=stage.size(5, 3), seed=stage.seed)
            settings[f"{lines} lines"] = measured.medians()
    assert measured is not None
    return [measured.result("P12", settings)]
