"""What the process may know of its order, and which processes there should be."""

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.common import SearchAttributePair

from chassis.processes import ProcessStart
from contracts.orders.activities import TASK_QUEUE, AttestationRow
from contracts.orders.processes import ORDER_ATTESTATION, StartOrderAttestation, order_attestation_id
from contracts.orders.values import AskedOf, OrderStatus
from contracts.shared.process import DUE_AT, PROCESS_STATE, WAITING_FOR
from orders.orders.models import Order


def attestation_row(order: Order) -> AttestationRow:
    assert order.expires_at is not None
    return AttestationRow(
        order_id=order.id,
        sequence=order.sequence,
        number=order.number,
        status=order.status,
        total=order.money,
        step=order.step,
        asked_of=order.asked_of,
        asked=order.asked,
        asked_at=order.asked_at,
        reminders=order.reminders,
        remind_at=order.remind_at,
        escalate_at=order.escalate_at,
        expires_at=order.expires_at,
        submitter=order.contact_id,
        decide_in_temporal=order.decide_in_temporal,
    )


def attestation_process(order: Order | Row[Any, Any, Any, Any, Any], row: AttestationRow | None = None) -> ProcessStart:
    """How the process of one order is started; without the row it begins with reading it."""
    return ProcessStart(
        workflow=ORDER_ATTESTATION,
        id=order_attestation_id(order.number),
        task_queue=TASK_QUEUE,
        argument=StartOrderAttestation(
            order_id=order.id, number=order.number, company_number=order.company_number, row=row
        ),
        summary=f"Order {order.number} of company {order.company_number} waits for its company",
        company_number=order.company_number,
        order_number=order.number,
        searchable=[
            SearchAttributePair(PROCESS_STATE, OrderStatus.AWAITING_ATTESTATION),
            SearchAttributePair(WAITING_FOR, order.asked_of or AskedOf.MERCHANT),
            SearchAttributePair(DUE_AT, order.expires_at),
        ],
    )


async def expected_attestations(session: AsyncSession) -> list[ProcessStart]:
    """One for every order that its company has not decided on, or that is attested and not yet placed."""
    rows = await session.execute(
        select(Order.id, Order.number, Order.company_number, Order.asked_of, Order.expires_at)
        .where(Order.status.in_((OrderStatus.AWAITING_ATTESTATION, OrderStatus.ATTESTED)))
        .order_by(Order.id)
    )
    return [attestation_process(row) for row in rows]
