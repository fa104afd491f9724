"""An invitation: one offer to one address, with its issues, its reminder and its end."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Interval, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from chassis.errors import Conflict
from contracts.identity.activities import InvitationStatus
from contracts.identity.process_events import (
    InvitationAccepted,
    InvitationDeclined,
    InvitationExpired,
    InvitationExtended,
    InvitationIssued,
    InvitationReminded,
    InvitationResent,
    InvitationRevoked,
)
from identity.members.grants import WithGrant


class Invitation(WithGrant, Aggregate):
    """Its link is never stored: the token is computed from id, issue and the contact's present address."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index("uq_invitations_open", "company_id", "contact_id", unique=True, postgresql_where=text("status = 'open'")),
        Index("ix_invitations_company_id", "company_id", "id"),
    )

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"))
    company_number: Mapped[str] = mapped_column(Text)
    """As it was at issue; the process is found by it."""
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"))
    first_administrator: Mapped[bool]
    """Accepting it enables the company."""
    invited_by: Mapped[UUID | None]
    """The contact of the member who invited; None: the merchant."""
    status: Mapped[InvitationStatus]
    issue: Mapped[int]
    """Of the link that is alive; links of earlier issues are dead."""
    remind_after: Mapped[timedelta | None] = mapped_column(Interval)
    expire_after: Mapped[timedelta] = mapped_column(Interval)
    issued_at: Mapped[datetime]
    remind_at: Mapped[datetime | None]
    reminders: Mapped[int]
    """Of this issue."""
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    member_id: Mapped[UUID | None]

    def send_out(self, *, at: datetime) -> None:
        """Said once, of a new invitation: the first issue."""
        self._set_clock(at)
        self.record(
            InvitationIssued(
                **self._refs(),
                issue=self.issue,
                company_number=self.company_number,
                role=self.role,
                first_administrator=self.first_administrator,
                invited_by=self.invited_by,
                expires_at=self.expires_at,
            )
        )

    def resend(self, *, at: datetime) -> None:
        """The next issue: a new link, the clock reset.

        Raises:
            Conflict: it has ended.
        """
        self._require_open()
        self.issue += 1
        self._set_clock(at)
        self.record(InvitationResent(**self._refs(), issue=self.issue, expires_at=self.expires_at))

    def extend(self, *, until: datetime) -> None:
        """Moves the expiry; the same again does nothing.

        Raises:
            Conflict: it has ended.
        """
        self._require_open()
        if self.expires_at == until:
            return
        self.expires_at = until
        self.record(InvitationExtended(**self._refs(), expires_at=self.expires_at))

    def remind(self, *, issue: int, reminder: int, at: datetime) -> None:
        """Notes this reminder of this issue; nothing happens where it was noted, or the invitation ended or was resent.

        There is no other reminder by the clock after it.
        """
        if self.status is not InvitationStatus.OPEN or self.issue != issue or reminder <= self.reminders:
            return
        self.remind_at, self.reminders = None, reminder
        self.record(InvitationReminded(**self._refs(), reminded_at=at))

    def accept(self, *, member_id: UUID, at: datetime) -> None:
        """
        Raises:
            Conflict: it has ended, or its time is over though nobody has noted it yet.
        """
        self.require_acceptable(at=at)
        self._end(InvitationStatus.ACCEPTED, at)
        self.member_id = member_id
        self.record(InvitationAccepted(**self._refs(), member_id=member_id, accepted_at=at))

    def decline(self, *, at: datetime) -> None:
        """
        Raises:
            Conflict: it has ended otherwise.
        """
        if self._may_end(InvitationStatus.DECLINED, at):
            self.record(InvitationDeclined(**self._refs(), declined_at=at))

    def revoke(self, *, at: datetime) -> None:
        """
        Raises:
            Conflict: it has ended otherwise.
        """
        if self._may_end(InvitationStatus.REVOKED, at):
            self.record(InvitationRevoked(**self._refs(), revoked_at=at))

    def expire(self, *, issue: int, at: datetime) -> bool:
        """The timer's command: it does nothing where somebody was faster, resent or extended it. True: it expired."""
        if self.status is not InvitationStatus.OPEN or self.issue != issue or at < self.expires_at:
            return False
        self._end(InvitationStatus.EXPIRED, at)
        self.record(InvitationExpired(**self._refs(), expired_at=at))
        return True

    def require_acceptable(self, *, at: datetime) -> None:
        """
        Raises:
            Conflict: it has ended, or its time is over.
        """
        self._require_open()
        if at >= self.expires_at:
            raise Conflict("invitation-expired", "This invitation has expired.")

    def _require_open(self) -> None:
        if self.status is not InvitationStatus.OPEN:
            raise Conflict(f"invitation-{self.status.value}", f"This invitation was {self.status.value}.")

    def _may_end(self, status: InvitationStatus, at: datetime) -> bool:
        if self.status is status:
            return False
        self._require_open()
        self._end(status, at)
        return True

    def _end(self, status: InvitationStatus, at: datetime) -> None:
        self.status, self.ended_at, self.remind_at = status, at, None

    def _set_clock(self, at: datetime) -> None:
        self.issued_at, self.expires_at, self.reminders = at, at + self.expire_after, 0
        self.remind_at = at + self.remind_after if self.remind_after and self.remind_after < self.expire_after else None

    def _refs(self) -> dict[str, UUID]:
        return {"invitation_id": self.id, "company_id": self.company_id, "contact_id": self.contact_id}
