"""F-T12. One process per order, whoever starts it, however often, and whatever it is told before, during and after."""

from functools import partial

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from faults.groups import has_read
from faults.row import Row
from faults.system import Failed, System

TOPIC = "countersign.orders.order"
GROUP = f"orders.{TOPIC}"
WITHIN = 30.0


async def inject(system: System) -> None:
    system.need_split()
    client, company = await system.temporal(), system.load.shop.companies[0]
    async with system.stopped("orders-consumer"):
        order_id, _ = await system.load.submit(company, company.waiting_buyer)
        number = await _number(system, order_id)
        start = partial(
            client.start_workflow,
            "OrderAttestation",
            {"order_id": order_id, "number": number, "company_number": "C-1"},
            id=f"order-attestation/{number}",
            task_queue="orders",
        )
        handle = client.get_workflow_handle(f"order-attestation/{number}")
        if not await _refused(handle, 1):
            raise Failed("a process was there before anybody started it")
        await start(start_signal="row_changed", start_signal_args=[_change(1)])
        try:
            await start()
        except WorkflowAlreadyStartedError:
            pass
        else:
            raise Failed("one order has two processes")
    for sequence in (1, 1, 2, 2, 0):
        await handle.signal("row_changed", _change(sequence))
    await system.load.act("attest", order_id, company.attester)

    async def closed() -> bool:
        return (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED

    await system.until(closed, within=WITHIN, what="the process has ended")
    if not await _refused(handle, 9):
        raise Failed("a process heard a signal after its end")
    system.notes["events_handled_again"] = await _again(system, order_id)


def _change(sequence: int) -> dict[str, int | str]:
    return {"sequence": sequence, "status": "awaiting_attestation"}


async def _refused(handle: WorkflowHandle, sequence: int) -> bool:  # type: ignore[type-arg]
    try:
        await handle.signal("row_changed", _change(sequence))
    except RPCError as error:
        return error.status is RPCStatusCode.NOT_FOUND
    return False


async def _number(system: System, order_id: str) -> str:
    async with system.database("orders") as orders:
        return str(await orders.fetchval("SELECT number FROM orders WHERE id::text = $1", order_id))


async def _again(system: System, order_id: str) -> int:
    """The order's events come once more after orders has forgotten them, so that it starts and signals all over again."""
    events = await _events(system, order_id)
    producer = AIOKafkaProducer(bootstrap_servers=system.stack.kafka)
    await producer.start()
    try:
        async with system.database("orders") as orders:
            ids = [dict(event.headers)["ce_id"].decode() for event in events]
            await orders.execute("DELETE FROM inbox WHERE event_id = ANY($1::uuid[])", ids)
        ends = {}
        for event in events:
            sent = await producer.send_and_wait(
                event.topic, event.value, key=event.key, partition=event.partition, headers=list(event.headers)
            )
            ends[TopicPartition(event.topic, event.partition)] = sent.offset + 1
    finally:
        await producer.stop()
    await system.until(lambda: has_read(system, GROUP, TOPIC, ends), within=WITHIN, what="the events are read again")
    return len(events)


async def _events(system: System, order_id: str) -> list[ConsumerRecord]:
    consumer = AIOKafkaConsumer(bootstrap_servers=system.stack.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        await consumer._client.add_topic(TOPIC)
        places = [TopicPartition(TOPIC, number) for number in consumer.partitions_for_topic(TOPIC) or ()]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends, found = await consumer.end_offsets(places), []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                found += [record for record in batch if record.key == order_id.encode()]
        return found
    finally:
        await consumer.stop()


row = Row(
    "F-T12",
    "Temporal server",
    "duplicate start, signal before start, double signal, signal after close",
    "I2 I9",
    inject,
    alone=True,
)
