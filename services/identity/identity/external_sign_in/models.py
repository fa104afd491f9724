"""Sign-ins that are out at the issuer, and which login there is which account here. None of it is published."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Base
from identity.sign_in.models import SubjectKind


class ExternalAttempt(Base):
    """One browser's way to the issuer and back, by the SHA-256 of the secret that only this browser holds."""

    __tablename__ = "external_attempts"
    __table_args__ = (
        Index("ix_external_attempts_expires_at", "expires_at"),
        Index("ix_external_attempts_network", "network"),
    )

    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    kind: Mapped[SubjectKind]
    network: Mapped[str] = mapped_column(Text)
    """From which the browser came, see `identity.sign_in.throttling`."""
    return_to: Mapped[str] = mapped_column(Text)
    company_id: Mapped[UUID | None]
    storefront: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime]


class ExternalLogin(Base):
    """Linked once, by a verified address; from then on the address does not matter."""

    __tablename__ = "external_logins"
    __table_args__ = (UniqueConstraint("issuer", "kind", "subject_id"),)

    issuer: Mapped[str] = mapped_column(Text, primary_key=True)
    external_subject: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[SubjectKind] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID]
    linked_at: Mapped[datetime]
