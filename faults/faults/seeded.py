"""Ten bugs, each seeded into a copy of the code, which the checker must find: else it is no checker."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer

from faults.load import Load
from faults.sources import Failpoint, Patch, call
from faults.system import System

Act = Callable[[Load, System], Awaitable[None]]


@dataclass(frozen=True)
class Seeded:
    """
    Attributes:
        service: whose copy has the bug; the others run the code as it is.
        found_as: the kind of finding that it must lead to.
    """

    name: str
    service: str
    changes: Sequence[Patch | Failpoint]
    act: Act
    found_as: str


async def some_orders(load: Load, _: System) -> None:
    """One of each kind; the declined one is not the member's only one."""
    company = load.shop.companies[0]
    for one in (load.order, load.attested, load.attested, load.attested, load.declined):
        await one(company)


async def contested_orders(load: Load, _: System) -> None:
    for company in load.shop.companies:
        await load.contested(company)


def _while_it_dies(failpoint: str, service: str) -> Act:
    """Orders, and the process dies at its failpoint; clients try again as they do."""

    async def act(load: Load, system: System) -> None:
        await asyncio.gather(system.at(failpoint, service), some_orders(load, system))
        await system.ready(service)

    return act


async def _poison(load: Load, system: System) -> None:
    """A record that nobody can read, on a topic that the service reads."""
    producer = AIOKafkaProducer(bootstrap_servers=system.stack.kafka)
    await producer.start()
    try:
        await producer.send_and_wait("countersign.orders.order", value=b"\x00not json", key=b"poison")
    finally:
        await producer.stop()
    await some_orders(load, system)


_ROUTING, _RELAY, _CONSUMERS = (f"chassis/chassis/{name}.py" for name in ("http/routing", "relay", "consumers"))
_SENDING = "services/notifications/notifications/deliveries/sending.py"
_ORDERS = "services/orders/orders/orders"
_SENDING_ROWS = "            sending = asyncio.create_task(self._send(lead.producer, rows))\n"

SEEDED = [
    Seeded(
        "relay marks before the broker confirms",
        "orders",
        [
            Patch(
                _RELAY,
                _SENDING_ROWS,
                f"            await self._mark(lead, rows)\n            {call('marked')}\n{_SENDING_ROWS}",
            )
        ],
        _while_it_dies("marked", "orders"),
        "event-lost",
    ),
    Seeded(
        "offset committed before the effect",
        "notifications",
        [
            Patch(
                "chassis/chassis/roles.py",
                "            await consumer.handle(message.raw_message)\n",
                "            await message.ack()\n"
                f"            {call('acknowledged')}\n"
                "            await consumer.handle(message.raw_message)\n",
            )
        ],
        _while_it_dies("acknowledged", "notifications"),
        "event-not-handled",
    ),
    Seeded(
        "inbox row outside the transaction",
        "identity",
        [
            Patch(
                _CONSUMERS,
                "        fresh = await claim(session, [one.envelope.id for one in batch if one.envelope])\n",
                "        fresh = await claim(session, [one.envelope.id for one in batch if one.envelope])\n"
                "        await session.commit()\n"
                f"        {call('claimed')}\n",
            )
        ],
        _while_it_dies("claimed", "identity"),
        "effect-lost",
    ),
    Seeded(
        "workflow signalled from the HTTP route",
        "orders",
        [
            Patch(
                f"{_ORDERS}/routes.py",
                '    headers = {"Location": f"/v1/orders/{order.id}", "ETag": etag(order.sequence)}\n',
                '    headers = {"Location": f"/v1/orders/{order.id}", "ETag": etag(order.sequence)}\n'
                "    if order.status is OrderStatus.AWAITING_ATTESTATION:\n"
                "        import os\n"
                "        from chassis.processes import Processes, Temporal\n"
                "        from orders.attestation.queries import attestation_process\n"
                '        temporal = Temporal(os.environ["COUNTERSIGN_TEMPORAL"], os.environ["COUNTERSIGN_TEMPORAL_NAMESPACE"])\n'
                "        process = attestation_process(order)\n"
                "        await Processes(temporal.client).start(process)\n"
                f"        {call('started')}\n",
            )
        ],
        _while_it_dies("started", "orders"),
        "process-without-row",
    ),
    Seeded(
        "aggregate loaded without lock or version",
        "orders",
        [
            Patch(
                f"{_ORDERS}/commands.py",
                "    order = await session.scalar(wanted.with_for_update())\n",
                '    order = await session.scalar(wanted)\n    await __import__("asyncio").sleep(0.5)\n',
            )
        ],
        contested_orders,
        "contradiction",
    ),
    Seeded(
        "publish without key",
        "notifications",
        [Patch("chassis/chassis/batches.py", "key=record.key, value=record.value", "key=None, value=record.value")],
        some_orders,
        "wrong-key",
    ),
    Seeded(
        "parked without original bytes",
        "notifications",
        [Patch(_CONSUMERS, "value=None if self.reader.topic.personal_data else record.value,", "value=None,")],
        _poison,
        "parked-bytes-lost",
    ),
    Seeded(
        "idempotency answer stored outside the transaction",
        "orders",
        [
            Patch(
                _ROUTING,
                "                await attempt.remember(session, answer)\n",
                "                async with request.app.state.database.transaction() as other:\n"
                "                    await attempt.remember(other, answer)\n"
                f"                {call('answered')}\n",
            )
        ],
        _while_it_dies("answered", "orders"),
        "acknowledged-order-missing",
    ),
    Seeded(
        "budget released twice",
        "orders",
        [
            Patch(
                f"{_ORDERS}/commands.py",
                "        await give_back(session, order.reservation)\n",
                "        await give_back(session, order.reservation)\n" * 2,
            )
        ],
        some_orders,
        "budget-drift",
    ),
    Seeded(
        "mail sent before commit",
        "notifications",
        [
            Patch(
                _SENDING,
                "        attempts = [mails.begin(delivery) for delivery in deliveries]\n",
                "        attempts = [mails.begin(delivery) for delivery in deliveries]\n"
                "        for one in attempts:\n"
                "            if one.letter:\n"
                "                await post.mailer.send(one.letter)\n"
                f"                {call('mailed')}\n",
            ),
            Patch(_SENDING, "            await mailer.send(one.letter)\n", "            pass\n"),
        ],
        _while_it_dies("mailed", "notifications"),
        "mail-uncounted",
    ),
]
