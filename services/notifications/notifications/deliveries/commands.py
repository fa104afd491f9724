"""The only writers of deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from opentelemetry import propagate
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.context import cause
from chassis.errors import NotFound
from chassis.ids import new_id
from contracts.notifications.activities import Link, Template
from notifications.deliveries.models import GIVE_UP_AFTER, LEASE, MERCHANT, SERVER_AWAY, Delivery, DeliveryStatus
from notifications.mails.letters import message_id


@dataclass(frozen=True)
class OpenDelivery:
    """A wish: this mail to this contact, or to the merchant (None)."""

    notification: str
    template: Template
    contact_id: UUID | None
    at: datetime
    link: Link | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    queued_for: datetime | None = None
    """When it happened, of what we send by ourselves; None: a process asks for it until it is closed."""

    @property
    def recipient(self) -> str:
        return MERCHANT if self.contact_id is None else str(self.contact_id)


_deliveries: Any = Delivery.__table__
_OPEN = insert(_deliveries).on_conflict_do_nothing(index_elements=["notification", "recipient"])


async def open_delivery(session: AsyncSession, command: OpenDelivery) -> Delivery:
    """The delivery of this notification to this recipient, locked. Wished for twice, it is the same.

    Raises:
        Invalid: the notification can not stand in a header.
    """
    await session.execute(_OPEN, _row(command))
    found = await session.scalars(
        select(Delivery)
        .where(Delivery.notification == command.notification, Delivery.recipient == command.recipient)
        .with_for_update()
    )
    return found.one()


def _row(command: OpenDelivery) -> dict[str, Any]:
    trace: dict[str, str] = {}
    propagate.inject(trace)
    because = cause()
    return {
        "id": new_id(),
        "sequence": 0,
        "notification": command.notification,
        "recipient": command.recipient,
        "message_id": message_id(command.notification, command.recipient),
        "template": command.template,
        "contact_id": command.contact_id,
        "parameters": command.parameters,
        "link": command.link.model_dump(mode="json") if command.link else None,
        "cause": {
            "correlation_id": because.correlation_id,
            "causation_id": because.causation_id,
            "traceparent": trace.get("traceparent"),
        },
        "status": DeliveryStatus.PENDING,
        "attempts": 0,
        "created_at": command.at,
        "next_attempt_at": command.at if command.queued_for else None,
        "give_up_at": command.queued_for + GIVE_UP_AFTER if command.queued_for else None,
    }


async def queue_mail(session: AsyncSession, command: OpenDelivery) -> None:
    """Opens a delivery that we send by ourselves, unless what happened is too long ago.

    Raises:
        Invalid: the notification can not stand in a header.
    """
    assert command.queued_for is not None
    if command.at - command.queued_for < GIVE_UP_AFTER:
        await session.execute(_OPEN, _row(command))


async def claim_due(session: AsyncSession, *, at: datetime, limit: int) -> Sequence[Delivery]:
    """Queued deliveries whose next attempt is due, for this worker alone until `LEASE` has passed."""
    due = await session.scalars(
        select(Delivery)
        .where(Delivery.next_attempt_at <= at)
        .order_by(Delivery.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = due.all()
    for delivery in claimed:
        delivery.next_attempt_at = at + LEASE
    return claimed


async def hurry(session: AsyncSession, *, at: datetime) -> None:
    """The mail server is back: queued mails that wait because it was away are due now, however long they have waited."""
    waiting = (
        select(Delivery.id)
        .where(Delivery.next_attempt_at > at, Delivery.reason.startswith(SERVER_AWAY))
        .where(Delivery.status == DeliveryStatus.PENDING)
        .with_for_update(skip_locked=True)
    )
    await session.execute(update(Delivery).where(Delivery.id.in_(waiting)).values(next_attempt_at=at))


async def lock_delivery(session: AsyncSession, delivery_id: UUID) -> Delivery:
    """
    Raises:
        NotFound: there is none.
    """
    delivery = await session.get(Delivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise NotFound
    return delivery


async def record_sent(session: AsyncSession, delivery_id: UUID, *, at: datetime) -> Delivery:
    delivery = await lock_delivery(session, delivery_id)
    delivery.sent(at=at)
    return delivery


async def record_failure(session: AsyncSession, delivery_id: UUID, *, reason: str, at: datetime) -> Delivery:
    delivery = await lock_delivery(session, delivery_id)
    delivery.fail(reason=reason, at=at)
    return delivery


async def record_postponement(session: AsyncSession, delivery_id: UUID, *, reason: str, at: datetime) -> Delivery:
    delivery = await lock_delivery(session, delivery_id)
    delivery.postpone(reason=reason, at=at)
    return delivery
