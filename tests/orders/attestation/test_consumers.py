"""Orders' own events start the process and tell it that its order moved on; what only the process does it is not told."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import text

from chassis.consumers import BatchConsumer
from chassis.processes import ProcessStart
from contracts.orders.activities import TASK_QUEUE
from contracts.orders.processes import ORDER_ATTESTATION
from contracts.orders.values import OrderStatus
from contracts.shared.process import RowChanged
from orders.attestation.consumers import subscriptions
from tests.orders.attestation.test_decisions import place, waiting
from tests.orders.world import World, record_of


class Processes:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def start(self, process: ProcessStart) -> bool:
        assert (process.workflow, process.task_queue) == (ORDER_ATTESTATION, TASK_QUEUE)
        self.asked.append(("start", process.id))
        return True

    async def row_changed(self, workflow_id: str, change: RowChanged) -> None:
        self.asked.append((f"{change.sequence}: {change.status}", workflow_id))


async def consumed(world: World, times: int = 1, processes: Processes | None = None) -> list[tuple[str, str]]:
    """What the processes are asked when everything that was published arrives, `times` over."""
    processes = processes or Processes()
    consumer = BatchConsumer(cast(Any, subscriptions[0]), world.database, cast(Any, processes))
    async with world.database.reading() as connection:
        rows = (
            await connection.execute(
                text("SELECT * FROM outbox WHERE topic = :topic ORDER BY id"), {"topic": subscriptions[0].topic.name}
            )
        ).all()
    records = [record_of(row, offset) for offset, row in enumerate(rows)]
    for _ in range(times):
        await consumer.handle(records)
    return processes.asked


async def test_a_waiting_order_has_a_process_that_is_told_of_decisions(world):
    buyer, attester, order_id = await waiting(world)
    await world.attester(buyer.company_id)
    await world.post(attester.headers, f"/v1/orders/{order_id}/attest")
    placed = await place(world, order_id)
    process = f"order-attestation/{placed.number}"
    assert await consumed(world, times=2) == [
        ("start", process),
        ("3: awaiting_attestation", process),
        ("4: attested", process),
    ]


async def test_an_order_that_needs_no_attestation_starts_no_process(world):
    await world.submit(await world.buyer(await world.company()))
    assert await consumed(world) == []


async def test_an_order_that_a_restored_database_has_forgotten_starts_no_process(world):
    """F-P11: its events are read by a database that does not have it."""
    await waiting(world)
    async with world.database.engine.begin() as connection:
        await connection.execute(text("TRUNCATE orders CASCADE"))
    assert await consumed(world) == []
    async with world.database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM parked_events")) == 0


async def test_a_process_begins_with_the_row_as_it_is_when_it_is_started(world):
    _, attester, order_id = await waiting(world)
    await world.post(attester.headers, f"/v1/orders/{order_id}/attest")
    started: list[Any] = []

    class Keeping(Processes):
        async def start(self, process: ProcessStart) -> bool:
            started.append(process.argument)
            return await super().start(process)

    await consumed(world, processes=Keeping())
    assert [(one.row.order_id, one.row.status) for one in started] == [(UUID(order_id), OrderStatus.ATTESTED)]
