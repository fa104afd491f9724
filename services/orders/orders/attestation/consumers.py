"""Orders' own events start the process and tell it that its order moved on."""

from chassis.consumers import Delivery, Handler, Subscription
from contracts.orders.events import (
    AttestationRequested,
    AttestersAsked,
    OrderAttested,
    OrderCancelled,
    OrderDeclined,
    OrderWithdrawn,
)
from contracts.orders.processes import order_attestation_id
from contracts.orders.topics import ORDER
from contracts.orders.values import OrderStatus
from contracts.shared.event import Event
from contracts.shared.process import RowChanged
from orders.attestation.commands import see_asked
from orders.attestation.queries import attestation_process, attestation_row


async def start_process(delivery: Delivery, event: AttestationRequested) -> None:
    """With the row as it is now, put to people who may decide now: what changes after that, a later event of the same key
    tells it.

    An order that a restored database has forgotten has no process.
    """
    order = await see_asked(delivery.session, event.order_id, event.company_id, delivery.now)
    if order is not None:
        await delivery.processes.start(attestation_process(order, attestation_row(order)))


def tell(status: OrderStatus) -> Handler:
    """Signals the process that its order is in `status` now."""

    async def handle(
        delivery: Delivery, event: AttestersAsked | OrderAttested | OrderDeclined | OrderWithdrawn | OrderCancelled
    ) -> None:
        change = RowChanged(sequence=delivery.envelope.sequence, status=status)
        await delivery.processes.row_changed(order_attestation_id(event.number), change)

    return handle


_HANDLERS: dict[type[Event], Handler] = {
    AttestationRequested: start_process,
    AttestersAsked: tell(OrderStatus.AWAITING_ATTESTATION),
    OrderAttested: tell(OrderStatus.ATTESTED),
    OrderDeclined: tell(OrderStatus.DECLINED),
    OrderWithdrawn: tell(OrderStatus.WITHDRAWN),
    OrderCancelled: tell(OrderStatus.CANCELLED),
}
# What only the process does (remind, extend, expire, place) it knows from the answer.

subscriptions = [Subscription(ORDER, _HANDLERS)]
