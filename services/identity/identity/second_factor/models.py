"""What a second factor needs to be remembered. None of it is published."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Base
from identity.sign_in.models import SubjectKind


class SecondFactor(Base):
    """The secret that a contact or staff member shares with his device; it counts once a first code has confirmed it."""

    __tablename__ = "second_factors"

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
    """Sealed with the master key, for this subject alone."""
    begun_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger)
    """The period of the last code that was taken; codes of this one and of earlier ones are spent."""


class RecoveryCode(Base):
    """One that is left, by the SHA-256 of its 120 random bits; it goes when it is used."""

    __tablename__ = "recovery_codes"

    subject_id: Mapped[UUID] = mapped_column(
        ForeignKey("second_factors.subject_id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)


class Challenge(Base):
    """A sign-in whose password was right and whose code is awaited: no session, and good for nothing else."""

    __tablename__ = "sign_in_challenges"
    __table_args__ = (
        Index("ix_sign_in_challenges_expires_at", "expires_at"),
        Index("ix_sign_in_challenges_subject_id", "subject_id"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    kind: Mapped[SubjectKind]
    subject_id: Mapped[UUID]
    member_id: Mapped[UUID | None]
    company_id: Mapped[UUID | None]
    storefront: Mapped[str | None] = mapped_column(Text)
    client: Mapped[str | None] = mapped_column(Text)
    enrols: Mapped[bool]
    """He has no second factor, and gets no further without one."""
    expires_at: Mapped[datetime]
