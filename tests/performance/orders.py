"""P10 and P12: submitting orders that no one has to attest."""

import asyncio
import socket
import sys
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
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


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def listening(process: asyncio.subprocess.Process, port: int) -> AsyncIterator[str]:
    """The address of a process of ours that listens, for as long as it is needed."""

    async def answers() -> bool:
        if process.returncode is not None:
            raise Void(f"a process ended with {process.returncode}")
        try:
            (await Connection.to(f"127.0.0.1:{port}")).close()
        except OSError:
            return False
        return True

    try:
        await eventually(answers, what="it listens")
        yield f"http://127.0.0.1:{port}"
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

    def __init__(self, stage: Stage, ours: Connections, bare: Connections, bare_pid: int, many: int) -> None:
        self._stage, self._ours, self._bare, self._many = stage, ours, bare, many
        self._bare_pids = {"api": bare_pid, **stage.pids("postgres")}

    async def ours(self) -> Sample:
        """With everything that follows from them going on beside it; how long that takes longer is shown."""
        carts = await self._stage.shop.priced_carts(self._many, LINES)
        pids = self._stage.all_pids()
        with metered(pids) as whole:
            with metered({"api": pids["orders-api"], "postgres": pids["postgres"]}) as spent:
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
    settings: dict[str, Any] = {"lines": LINES, "at_once": AT_ONCE}
    shop, measured = stage.shop, None
    async with stage.new_database(orders_service) as database:
        await shop.sign_in()
        samples = await shop.priced_carts(8, LINES)
        async with connections(stage.stack.services["orders"], AT_ONCE) as ours:
            sample = (await submit(ours, samples[0]))["order_id"]
            port = free_port()
            bare_url = database.url.replace("+asyncpg", "")
            command = [
                sys.executable,
                "-m",
                "tests.performance.bare_api",
                stage.url("orders"),
                sample,
                bare_url,
                str(port),
            ]
            process = await asyncio.create_subprocess_exec(*command)
            async with listening(process, port) as address, connections(address, AT_ONCE) as bare:
                bodies = [_bare_body(cart) for cart in samples]
                for many in (stage.size(60, 10), stage.size(240, 20)):
                    await shop.sign_in()
                    accepting = Accepting(stage, ours, bare, process.pid, many)
                    await accepting.bare(bodies)
                    measured = await paired(
                        partial(accepting.bare, bodies),
                        accepting.ours,
                        pairs=stage.size(4, 3),
                        seed=stage.seed,
                    )
                    settings[f"{many} orders"] = measured.medians()
            await _same_rows(stage, database.url.rpartition("/")[2], sample)
    assert measured is not None
    stage.results["orders/s"] = settings[f"{stage.size(240, 20)} orders"]["subject"]["value"]
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
    async with connections(stage.stack.services["orders"], 1) as orders:

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
