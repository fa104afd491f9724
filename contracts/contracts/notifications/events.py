"""What became of a mail. The address stays in notifications."""

from datetime import datetime
from uuid import UUID

from contracts.notifications.topics import DELIVERY
from contracts.shared.event import Event
from contracts.shared.values import Code, Language


class _DeliveryEvent(Event):
    delivery_id: UUID
    message_id: str
    """The Message-ID header: one per event (or process step), person and channel."""
    template: Code
    contact_id: UUID | None
    """None: the merchant's own mailbox."""


class MailSent(_DeliveryEvent, type="countersign.notifications.delivery.sent.v1", topic=DELIVERY):
    language: Language
    sent_at: datetime


class MailUndeliverable(_DeliveryEvent, type="countersign.notifications.delivery.failed.v1", topic=DELIVERY):
    """It will not be delivered: refused for good (`smtp-550-5.1.1`), `address-invalid`, or 48 hours old (`too-old`)."""

    reason: Code
    failed_at: datetime
