"""What the process may know of its order, and which processes there should be."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.processes import ProcessStart
from contracts.orders.activities import TASK_QUEUE, AttestationRow
from contracts.orders.processes import ORDER_ATTESTATION, StartOrderAttestation, order_attestation_id
from contracts.orders.values import OrderStatus
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


def attestation_process(order_id: UUID, number: str, company_number: str) -> ProcessStart:
    return ProcessStart(
        workflow=ORDER_ATTESTATION,
        id=order_attestation_id(number),
        task_queue=TASK_QUEUE,
        argument=StartOrderAttestation(order_id=order_id, number=number, company_number=company_number),
        summary=f"Order {number} of company {company_number} waits for its company",
        company_number=company_number,
        order_number=number,
    )


async def expected_attestations(session: AsyncSession) -> list[ProcessStart]:
    """One for every order that its company has not decided on, or that is attested and not yet placed."""
    rows = await session.execute(
        select(Order.id, Order.number, Order.company_number)
        .where(Order.status.in_((OrderStatus.AWAITING_ATTESTATION, OrderStatus.ATTESTED)))
        .order_by(Order.id)
    )
    return [attestation_process(row.id, row.number, row.company_number) for row in rows]
