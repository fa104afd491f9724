"""P1 to P4: orders that their company must attest, beside the smallest process that waits and acts."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any
from uuid import UUID

from temporalio.client import Client

from chassis.database import Database
from chassis.ids import new_id
from chassis.processes import Processes, ProcessStart, Temporal
from contracts.orders.processes import order_attestation_id
from contracts.orders.values import OrderStatus
from contracts.shared.process import RowChanged
from local_stack.programs import AFTER_REQUESTS
from orders.attestation.queries import attestation_process, attestation_row
from orders.orders.models import Order
from tests.performance.cpu import metered
from tests.performance.driver import Connections, closed_loop, connections
from tests.performance.effects import drained, submit
from tests.performance.figures import Interval, Result, Shape, Void, benchmark
from tests.performance.limit_process import TASK_QUEUE, Limit
from tests.performance.method import Sample, paired
from tests.performance.shop import Company
from tests.performance.stage import Stage

LINES = 20
AT_ONCE = 16
WORKERS = ("orders-worker", "notifications-worker")
PARTS = ("orders-api", "orders-relay", "temporal", "postgres", "kafka")


class Arrivals:
    """Tells those who wait when something they wait for is in a table; one query looks for all of them."""

    def __init__(self, connection: Any, query: str) -> None:
        self._connection, self._query = connection, query
        self._waiting: dict[str, asyncio.Future[None]] = {}

    async def of(self, name: str) -> None:
        self._waiting[name] = future = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(120):
            await future

    async def look(self) -> None:
        """Until cancelled."""
        while True:
            if self._waiting:
                for row in await self._connection.fetch(self._query, list(self._waiting)):
                    future = self._waiting.pop(row[0], None)
                    if future is not None and not future.done():
                        future.set_result(None)
            await asyncio.sleep(0.02)


_ASKED = "SELECT notification FROM deliveries WHERE notification = ANY($1) AND status = 'sent'"
_PLACED = """
SELECT parameters->>'number' FROM deliveries
WHERE id > '{floor}' AND template = 'order-placed-merchant' AND parameters->>'number' = ANY($1)
"""


@asynccontextmanager
async def arrivals(stage: Stage, query: str) -> AsyncIterator[Arrivals]:
    async with stage.connection("notifications") as connection:
        looking = Arrivals(connection, query)
        task = asyncio.create_task(looking.look())
        try:
            yield looking
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def worker(stage: Stage, module: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker of ours as a process, whose output can be read; it gives way as those of the services do."""
    command = (
        *AFTER_REQUESTS,
        sys.executable,
        "-m",
        f"tests.performance.{module}",
        stage.stack.temporal,
        stage.stack.temporal_namespace,
    )
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()  # a process with a Temporal client may abort while it shuts down
        await process.wait()


class Mails:
    """Which mails the stand-in for notifications was asked for."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.pid = process.pid
        self._lines = process.stdout
        self._asked: dict[str, asyncio.Future[None]] = {}

    def _future(self, notification: str) -> "asyncio.Future[None]":
        return self._asked.setdefault(notification, asyncio.get_running_loop().create_future())

    async def read(self) -> None:
        """Until cancelled."""
        assert self._lines is not None
        async for line in self._lines:
            future = self._future(line.decode().strip())
            if not future.done():
                future.set_result(None)

    async def of(self, notification: str) -> None:
        async with asyncio.timeout(120):
            await self._future(notification)


@asynccontextmanager
async def mails_taken(stage: Stage) -> AsyncIterator[Mails]:
    """Nobody sends mails of processes inside; a stand-in says that they are sent."""
    stage.stack.stop("notifications-worker")
    try:
        async with worker(stage, "mail_worker") as process:
            mails = Mails(process)
            reading = asyncio.create_task(mails.read())
            yield mails
            reading.cancel()
    finally:
        stage.stack.start("notifications-worker")


class Limits:
    """Blocks of the limit process."""

    def __init__(self, stage: Stage, client: Client, pid: int, many: int) -> None:
        self._client, self._many = client, many
        self._pids = {"worker": pid, **stage.pids("temporal")}

    async def block(self) -> Sample:
        with metered(self._pids) as spent:
            answers = await closed_loop(range(self._many), self._one, at_once=AT_ONCE)
        if answers != list(range(self._many)):
            raise Void("a limit process answered wrongly")
        return Sample(
            self._many / spent.seconds, spent.per(self._many), {"driver_share": spent.cpu["driver"] / spent.seconds}
        )

    async def _one(self, number: int) -> int:
        handle = await self._client.start_workflow(Limit.run, number, id=f"limit/{new_id()}", task_queue=TASK_QUEUE)
        await handle.signal(Limit.tell)
        return await handle.result()


class Attesting:
    """Blocks of attested orders."""

    def __init__(self, stage: Stage, orders: Connections, client: Client, many: int, mails: Mails | None) -> None:
        self._stage, self._orders, self._client, self._many, self._mails = stage, orders, client, many, mails
        self.longest = 0
        """History events of the longest process."""

    async def workflow_part(self) -> Sample:
        """Orders wait already, and the consumer that would start their processes is stopped: we start and signal."""
        mails = self._mails
        assert mails is not None
        carts = await self._stage.shop.priced_carts(self._many, LINES, attested=True)
        submitted = await closed_loop(carts, lambda cart: submit(self._orders, cart), at_once=4)
        await drained(self._stage, mails=False)
        processes = Processes(self._ready)
        starts = await self._starts([UUID(order["order_id"]) for order in submitted])

        async def one(work: tuple[Company, dict[str, Any], ProcessStart]) -> str:
            company, order, start = work
            process = start.id
            await processes.start(start)
            await mails.of(f"{process}/1/asked")
            sequence = await self._attest(company, order["order_id"])
            await processes.row_changed(process, RowChanged(sequence=sequence, status=OrderStatus.ATTESTED))
            return str(await self._client.get_workflow_handle(process).result())

        pids = {**self._stage.pids("orders-worker", *PARTS), "mails": mails.pid}
        work = list(zip([cart.company for cart in carts], submitted, starts, strict=True))
        return await self._measured(work, one, pids, ("orders-worker", "mails"))

    async def whole_path(self) -> Sample:
        """Priced, submitted, asked by mail, attested over HTTP, placed, and the merchant's mail about it queued."""
        placed_after = _PLACED.format(floor=new_id())
        shop, stage = self._stage.shop, self._stage
        async with (
            arrivals(stage, _ASKED) as asked,
            arrivals(stage, placed_after) as placed,
            connections(stage.stack.services["pricing"], many=4) as pricing,
        ):

            async def one(company: Company) -> str:
                cart = await shop.price(pricing, LINES, company, company.waiting_buyer)
                order = await submit(self._orders, cart)
                number = order["number"]
                await asked.of(f"{order_attestation_id(number)}/1/asked")
                await self._attest(company, order["order_id"])
                await placed.of(number)
                return "placed"

            companies = [shop.companies[number % len(shop.companies)] for number in range(self._many)]
            pids = stage.pids(*WORKERS, *PARTS, "orders-consumer", "mail")
            return await self._measured(companies, one, pids, WORKERS)

    async def _starts(self, order_ids: Sequence[UUID]) -> list[ProcessStart]:
        """As the consumer would start their processes."""
        database = Database(self._stage.url("orders").replace("postgresql:", "postgresql+asyncpg:"), name="bench")
        try:
            async with database.transaction() as session:
                orders = {one: await session.get_one(Order, one) for one in order_ids}
                return [attestation_process(orders[one], attestation_row(orders[one])) for one in order_ids]
        finally:
            await database.close()

    async def _ready(self) -> Client:
        return self._client

    async def _attest(self, company: Company, order_id: str) -> int:
        """The order's sequence after it."""
        answer = await self._orders.post(f"/v1/orders/{order_id}/attest", company.attester.token)
        if answer.status != 200:
            raise Void(f"an order was not attested: {answer}")
        return int(answer.etag.strip('"'))

    async def _measured(
        self, work: Sequence[Any], one: Callable[[Any], Awaitable[str]], pids: dict[str, int], workers: Sequence[str]
    ) -> Sample:
        with metered(pids) as spent:
            outcomes = await closed_loop(work, one, at_once=AT_ONCE)
        if set(outcomes) != {"placed"}:
            raise Void(f"orders ended otherwise: {set(outcomes)}")
        await drained(self._stage, mails=self._mails is None)
        cpu = spent.per(len(work))
        facts = {"driver_share": spent.cpu["driver"] / spent.seconds}
        return Sample(len(work) / spent.seconds, {"worker": sum(cpu[name] for name in workers), **cpu}, facts)

    async def look_at_histories(self) -> None:
        async with self._stage.connection("orders") as connection:
            numbers = await connection.fetch(
                "SELECT number FROM orders WHERE status = 'placed' AND expires_at IS NOT NULL ORDER BY id DESC LIMIT $1",
                self._many,
            )
        for row in numbers:
            described = await self._client.get_workflow_handle(order_attestation_id(row["number"])).describe()
            self.longest = max(self.longest, described.history_length)


@benchmark("P1", "P3", "P4", shape=Shape.SPLIT)
async def workflow_part(stage: Stage) -> list[Result]:
    """Mails are P2's: here a stand-in takes them."""
    stage.stack.stop("orders-consumer")
    try:
        async with mails_taken(stage) as mails:
            measured, settings, longest = await _against_the_limit(stage, Attesting.workflow_part, mails)
    finally:
        stage.stack.start("orders-consumer")
    await drained(stage)
    exactly = Interval(longest, longest, longest)
    p4 = Result(
        "P4", measured.cpu("worker"), {"workers": "of orders, and the stand-in"}, measured.result("P1", {}).void
    )
    return [measured.result("P1", settings), Result("P3", exactly), p4]


@benchmark("P2", shape=Shape.SPLIT)
async def whole_path(stage: Stage) -> list[Result]:
    measured, settings, _ = await _against_the_limit(stage, Attesting.whole_path, None)
    return [measured.result("P2", settings)]


async def _against_the_limit(
    stage: Stage, block: Callable[[Attesting], Awaitable[Sample]], mails: Mails | None
) -> tuple[Any, dict[str, Any], int]:
    settings: dict[str, Any] = {"lines": LINES, "at_once": AT_ONCE, "worker": "same options, namespace and store"}
    client = await Temporal(stage.stack.temporal, stage.stack.temporal_namespace).client()
    async with (
        worker(stage, "limit_worker") as limiting,
        connections(stage.stack.services["orders"], many=AT_ONCE) as orders,
    ):
        for many in (stage.size(30, 6), stage.size(120, 16)):
            await stage.shop.sign_in()
            attesting = Attesting(stage, orders, client, many, mails)
            limits = Limits(stage, client, limiting.pid, many)
            await limits.block()
            measured = await paired(limits.block, partial(block, attesting), pairs=stage.size(4, 3), seed=stage.seed)
            settings[f"{many} orders"] = measured.medians()
        await attesting.look_at_histories()
    return measured, settings, attesting.longest
