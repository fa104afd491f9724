"""The only writers of deliveries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.consumers import Inserts
from chassis.context import cause, caused_by
from chassis.errors import NotYet
from chassis.ids import new_id
from chassis.outbox import traceparent
from contracts.notifications.activities import Link, Template
from notifications.contacts.models import ErasedContact
from notifications.deliveries.models import ERASED, GIVE_UP_AFTER, MERCHANT, SERVER_AWAY, Delivery, DeliveryStatus
from notifications.mails.letters import message_id
from notifications.mails.mailer import MailRefused


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


async def open_deliveries(session: AsyncSession, commands: Sequence[OpenDelivery]) -> Sequence[Delivery]:
    """The deliveries of one notification to these recipients, locked. Wished for twice, they are the same.

    Raises:
        Invalid: the notification can not stand in a header.
    """
    await session.execute(_OPEN, [_row(command) for command in commands])
    found = await session.scalars(
        select(Delivery)
        .where(
            Delivery.notification == commands[0].notification,
            Delivery.recipient.in_([command.recipient for command in commands]),
        )
        .order_by(Delivery.id)
        .with_for_update()
    )
    return found.all()


def _row(command: OpenDelivery) -> dict[str, Any]:
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
            "traceparent": traceparent(),
        },
        "status": DeliveryStatus.PENDING,
        "attempts": 0,
        "created_at": command.at,
        # Due by the clock that is behind: one that is fast, and put right again, must not keep it waiting.
        "next_attempt_at": min(command.at, command.queued_for) if command.queued_for else None,
        "give_up_at": command.queued_for + GIVE_UP_AFTER if command.queued_for else None,
    }


def queue_mail(inserts: Inserts, command: OpenDelivery) -> None:
    """Opens a delivery that we send by ourselves, unless what happened is too long ago.

    Raises:
        Invalid: the notification can not stand in a header.
    """
    assert command.queued_for is not None
    if command.at - command.queued_for < GIVE_UP_AFTER:
        inserts.add(_OPEN, _row(command))


async def claim_due(session: AsyncSession, *, at: datetime, limit: int) -> Sequence[Delivery]:
    """Queued deliveries whose next attempt is due, for the worker of this transaction alone."""
    due = await session.scalars(
        select(Delivery)
        .where(Delivery.next_attempt_at <= at)
        .order_by(Delivery.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return due.all()


async def hurry(session: AsyncSession, *, at: datetime) -> None:
    """The mail server is back: queued mails that wait because it was away are due now, however long they have waited."""
    waiting = (
        select(Delivery.id)
        .where(Delivery.next_attempt_at > at, Delivery.reason.startswith(SERVER_AWAY))
        .where(Delivery.status == DeliveryStatus.PENDING)
        .with_for_update(skip_locked=True)
    )
    await session.execute(update(Delivery).where(Delivery.id.in_(waiting)).values(next_attempt_at=at))


async def give_up_on(session: AsyncSession, contact_id: UUID, *, at: datetime) -> None:
    """Nothing is sent any more to somebody who was erased, nor is what others wish for him later."""
    erased = insert(ErasedContact).values(contact_id=contact_id, erased_at=at)
    await session.execute(erased.on_conflict_do_nothing())
    waiting = select(Delivery).where(
        Delivery.contact_id == contact_id,
        Delivery.status.in_([DeliveryStatus.PENDING, DeliveryStatus.SENDING]),
    )
    for delivery in await session.scalars(waiting.order_by(Delivery.id).with_for_update()):
        with caused_by(delivery.because):
            delivery.fail(reason=ERASED, at=at)


Outcome = MailRefused | NotYet | None
"""What the mail server answered: refused for good, or for now; None: it took the mail."""


async def record_outcomes(
    session: AsyncSession, outcomes: Mapping[UUID, Outcome], *, at: datetime
) -> dict[UUID, Delivery]:
    """Notes by delivery what became of its attempt."""
    found = await session.scalars(
        select(Delivery).where(Delivery.id.in_(outcomes)).order_by(Delivery.id).with_for_update()
    )
    deliveries = {delivery.id: delivery for delivery in found}
    for delivery in deliveries.values():
        with caused_by(delivery.because):
            match outcomes[delivery.id]:
                case None:
                    delivery.sent(at=at)
                case MailRefused() as refused:
                    delivery.fail(reason=refused.reason, at=at)
                case NotYet() as later:
                    delivery.postpone(reason=later.code, at=at)
    return deliveries
