"""The delivery log (NO-05). Addresses come from the contact as it is now, masked; an erased one has none."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, Select, String, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from chassis.http.paging import Page, id_after, page
from chassis.policies import policy
from contracts.notifications.activities import Template
from contracts.shared.values import Language
from notifications.contacts.models import Contact
from notifications.deliveries.models import Delivery, DeliveryStatus
from notifications.mails.addresses import masked
from notifications.mails.policy import MailPolicy


class DeliveryView(BaseModel):
    id: UUID
    notification: str
    """Which process step or event it is about."""
    message_id: str
    template: Template
    contact_id: UUID | None
    """null: the merchant's mailbox."""
    address: str | None
    """Of the contact as it is now, masked; null when it was erased or has not arrived."""
    language: Language | None
    status: DeliveryStatus
    reason: str | None
    """Why it failed, or why the last attempt did."""
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    """Of mails that no process sends."""
    closed_at: datetime | None


_SHOWN = [name for name in DeliveryView.model_fields if name != "address"]


def _select() -> Select[tuple[object, ...]]:
    columns = [getattr(Delivery, name) for name in _SHOWN]
    return select(*columns, Contact.email).outerjoin(Contact, Contact.key == cast(Delivery.contact_id, String))


def _view(row: Row[tuple[object, ...]], merchant_mailbox: str) -> DeliveryView:
    found = row._mapping
    address = found["email"] if found["contact_id"] else merchant_mailbox
    return DeliveryView.model_validate({**found, "address": masked(address) if address else None})


async def list_deliveries(
    connection: AsyncConnection,
    *,
    contact_id: UUID | None,
    template: Template | None,
    status: DeliveryStatus | None,
    limit: int,
    cursor: str | None,
) -> Page[DeliveryView]:
    """Newest first.

    Raises:
        Invalid: the cursor is not one of this list.
    """
    statement = _select().order_by(Delivery.id.desc()).limit(limit + 1)
    for column, wanted in ((Delivery.contact_id, contact_id), (Delivery.template, template), (Delivery.status, status)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if cursor is not None:
        statement = statement.where(Delivery.id < id_after(cursor))
    rows = (await connection.execute(statement)).all()
    mailbox = (await policy(connection, MailPolicy)).merchant_mailbox
    return page([_view(row, mailbox) for row in rows], limit, lambda shown: (shown.id,))


async def show_delivery(connection: AsyncConnection, delivery_id: UUID) -> DeliveryView:
    """
    Raises:
        NotFound: there is none.
    """
    row = (await connection.execute(_select().where(Delivery.id == delivery_id))).first()
    if row is None:
        raise NotFound
    return _view(row, (await policy(connection, MailPolicy)).merchant_mailbox)
