"""One mail to one recipient, from its wish to its end. It holds ids, numbers and codes; no name, address or token."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from chassis.context import Cause, cause
from chassis.errors import Conflict
from contracts.notifications.activities import Link, Template
from contracts.notifications.events import MailSent, MailUndeliverable
from contracts.shared.values import Language

MERCHANT = "merchant"
"""The recipient that is no contact."""
GIVE_UP_AFTER = timedelta(hours=48)
"""No mail is sent for an event older than this."""
LEASE = timedelta(seconds=50)
"""A queued mail whose sender has not said what became of it is taken up again; longer than a mailer's patience and
`NOTED_WITHIN`."""
NOTED_WITHIN = timedelta(seconds=10)
"""What became of a mail is tried to be noted for so long."""
SERVER_AWAY = "mail-server-"
"""With this begin the reasons of attempts that the mail server spoiled, and not the mail."""
ERASED = "recipient-erased"
"""Why nothing was sent."""
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=15)


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    """Handed to the mail server, or just about to be. Found so after a crash, it is sent again: same Message-ID."""
    SENT = "sent"
    FAILED = "failed"


class Delivery(Aggregate):
    """A process asks for it again and again until it is closed; one that is queued (`give_up_at`) we try ourselves."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("notification", "recipient"),
        Index("ix_deliveries_due", "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
        Index("ix_deliveries_contact_id", "contact_id", "id"),
    )

    notification: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    """The contact's id, or `MERCHANT`."""
    message_id: Mapped[str] = mapped_column(Text, unique=True)
    template: Mapped[Template]
    contact_id: Mapped[UUID | None]
    parameters: Mapped[dict[str, str]]
    link_document: Mapped[dict[str, Any] | None] = mapped_column("link", JSONB(none_as_null=True))
    cause: Mapped[dict[str, Any]]
    """Correlation, causation and trace of the event or step that wished for it."""
    status: Mapped[DeliveryStatus]
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it failed, or why the last attempt did."""
    language: Mapped[Language | None]
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime | None]
    give_up_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    @property
    def link(self) -> Link | None:
        return Link.model_validate(self.link_document) if self.link_document else None

    @property
    def is_closed(self) -> bool:
        return self.status in (DeliveryStatus.SENT, DeliveryStatus.FAILED)

    @property
    def because(self) -> Cause:
        """Of the events of an attempt: what wished for it, and who attempts it."""
        return Cause(self.cause["correlation_id"], self.cause["causation_id"], cause().actor or "notifications")

    def begin(self, *, language: Language, at: datetime) -> None:
        """About to be handed to the mail server.

        Raises:
            Conflict: it is closed.
        """
        if self.is_closed:
            raise Conflict("delivery-closed", "The mail was sent or given up already.")
        self.status, self.language = DeliveryStatus.SENDING, language
        self.attempts += 1
        if self.next_attempt_at is not None:
            self.next_attempt_at = at + LEASE

    def sent(self, *, at: datetime) -> None:
        """The mail server took it."""
        if self.status is DeliveryStatus.SENT:
            return
        assert self.language is not None
        self._close(DeliveryStatus.SENT, None, at)
        self.record(
            MailSent(
                delivery_id=self.id,
                message_id=self.message_id,
                template=self.template.value,
                contact_id=self.contact_id,
                language=self.language,
                sent_at=at,
            )
        )

    def fail(self, *, reason: str, at: datetime) -> None:
        """It will not be delivered. What was sent stays sent."""
        if self.is_closed:
            return
        self._close(DeliveryStatus.FAILED, reason, at)
        self.record(
            MailUndeliverable(
                delivery_id=self.id,
                message_id=self.message_id,
                template=self.template.value,
                contact_id=self.contact_id,
                reason=reason,
                failed_at=at,
            )
        )

    def postpone(self, *, reason: str, at: datetime) -> None:
        """This attempt came to nothing. A queued one is tried again with growing pauses, until `give_up_at`."""
        if self.is_closed:
            return
        self.status, self.reason = DeliveryStatus.PENDING, reason
        if self.next_attempt_at is not None:
            # A pause as long as it has waited so far doubles the wait each time.
            self.next_attempt_at = at + min(max(at - self.created_at, SHORTEST_PAUSE), LONGEST_PAUSE)

    def reject(self, *, reason: str, at: datetime) -> None:
        """It can not be printed from what it was given. A process that asks for it sees that; a queued one ends."""
        if self.give_up_at is None:
            self.postpone(reason=reason, at=at)
        else:
            self.fail(reason=reason, at=at)

    def is_too_old(self, at: datetime) -> bool:
        return self.give_up_at is not None and at >= self.give_up_at

    def _close(self, status: DeliveryStatus, reason: str | None, at: datetime) -> None:
        self.status, self.reason, self.closed_at, self.next_attempt_at = status, reason, at, None
