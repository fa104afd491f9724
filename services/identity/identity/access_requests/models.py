"""A request for access: who asks, why, and what became of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from chassis.errors import Conflict
from contracts.identity.staff_events import (
    AccessRequestErased,
    AccessRequestGranted,
    AccessRequestRefused,
    AccessRequestSubmitted,
)
from contracts.identity.states import ContactKind, ContactState
from contracts.identity.values import AccessRefusal
from contracts.shared.values import Language
from identity.contacts.models import ERASED


class AccessRequestStatus(StrEnum):
    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    LAPSED = "lapsed"
    """Nobody decided in time."""


class AccessRequest(Aggregate):
    """One open one per address. When its time is over, nothing tells any more who asked."""

    __tablename__ = "access_requests"
    __table_args__ = (
        Index("uq_access_requests_open", "email", unique=True, postgresql_where=text("status = 'open'")),
        Index("ix_access_requests_status", "status", "id"),
    )

    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    """As `identity.contacts.email.normalised` writes it; not proved before he used the link of a grant."""
    organisation: Mapped[str] = mapped_column(Text)
    wanted_role: Mapped[str] = mapped_column(Text)
    """In his words."""
    reason: Mapped[str] = mapped_column(Text)
    language: Mapped[Language]
    status: Mapped[AccessRequestStatus]
    requested_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    refusal: Mapped[AccessRefusal | None]
    staff_id: Mapped[UUID | None]
    """Whom he became."""
    erased_at: Mapped[datetime | None]

    def submit(self) -> None:
        """Said once, of a new one."""
        self.record(AccessRequestSubmitted(request_id=self.id))

    def grant(self, staff_id: UUID, *, by: UUID, at: datetime) -> None:
        """
        Raises:
            Conflict: it is decided already, or lapsed.
        """
        self.require_open()
        self.status, self.staff_id, self.decided_by, self.decided_at = AccessRequestStatus.GRANTED, staff_id, by, at
        self.record(AccessRequestGranted(request_id=self.id, staff_id=staff_id))

    def refuse(self, reason: AccessRefusal, *, by: UUID, at: datetime) -> None:
        """Refused already: nothing happens.

        Raises:
            Conflict: it is granted already, or lapsed.
        """
        if self.status is AccessRequestStatus.REFUSED:
            return
        self.require_open()
        self.status, self.refusal, self.decided_by, self.decided_at = AccessRequestStatus.REFUSED, reason, by, at
        self.record(AccessRequestRefused(request_id=self.id, reason=reason))

    def require_open(self) -> None:
        """
        Raises:
            Conflict: `access-request-closed`.
        """
        if self.status is not AccessRequestStatus.OPEN:
            raise Conflict("access-request-closed", "This request is decided already.", facts={"status": self.status})

    def erase(self, at: datetime) -> None:
        """Leaves nothing that tells who asked; one that is open lapses."""
        if self.status is AccessRequestStatus.OPEN:
            self.status = AccessRequestStatus.LAPSED
        self.name = self.organisation = self.wanted_role = self.reason = ERASED
        self.email = f"{self.id}@{ERASED}.invalid"
        self.erased_at = at
        self.record(AccessRequestErased(request_id=self.id))

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None

    def state(self) -> ContactState:
        """How he is reached, to be told no."""
        return ContactState(
            contact_id=self.id, kind=ContactKind.GUEST, name=self.name, email=self.email, language=self.language
        )
