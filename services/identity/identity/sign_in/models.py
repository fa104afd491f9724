"""What sign-in remembers: password hashes, links, sessions with their refresh tokens. None of it is published."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Base
from contracts.identity.values import LinkPurpose

LINK_LIFE = {LinkPurpose.VERIFICATION: timedelta(days=3), LinkPurpose.RESET: timedelta(hours=1)}
SESSION_LIFE = timedelta(days=30)
"""From its last renewal: who stays away longer signs in again."""


class Credential(Base):
    """The password of one contact or staff member, as an argon2id hash."""

    __tablename__ = "credentials"

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    password_hash: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]


class SignInLink(Base):
    """One issue of a verification or reset link. Only the last issue of a purpose is alive, once, until it expires."""

    __tablename__ = "sign_in_links"

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"), primary_key=True)
    purpose: Mapped[LinkPurpose] = mapped_column(primary_key=True)
    issue: Mapped[int] = mapped_column(primary_key=True)
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SubjectKind(StrEnum):
    MEMBER = "member"
    STAFF = "staff"


class EndedBecause(StrEnum):
    SIGNED_OUT = "signed_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    SECOND_FACTOR_CHANGED = "second_factor_changed"
    REVOKED = "revoked"
    """By the person elsewhere, an administrator of his company, or staff."""
    TOKEN_REUSED = "token_reused"  # noqa: S105
    """A refresh token came a second time: one of the two holders is a thief."""


class SignInMeans(StrEnum):
    """What somebody showed for his session."""

    PASSWORD = "password"  # noqa: S105
    PASSWORD_AND_CODE = "password_and_code"  # noqa: S105
    ISSUER = "issuer"
    """A login at the merchant's identity provider."""


LONGEST_SESSION = {
    SignInMeans.PASSWORD: timedelta(days=90),
    SignInMeans.PASSWORD_AND_CODE: timedelta(days=90),
    SignInMeans.ISSUER: timedelta(hours=12),
}
"""However often it is renewed. Whoever loses his login at the issuer is out at the end of the day."""


@dataclass(frozen=True)
class Entrant:
    """Who is about to have a session, for which membership and at which storefront, and what his client says it is."""

    kind: SubjectKind
    subject_id: UUID
    member_id: UUID | None
    company_id: UUID | None
    storefront: str | None
    client: str | None


class SignInSession(Base):
    """What a successful sign-in opened, until it ends or is not renewed."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_subject_id", "subject_id"), Index("ix_sessions_expires_at", "expires_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[SubjectKind]
    subject_id: Mapped[UUID]
    """The contact's or staff member's id."""
    member_id: Mapped[UUID | None]
    company_id: Mapped[UUID | None]
    storefront: Mapped[str | None] = mapped_column(Text)
    """Which it opened; None: of staff, who open none."""
    client: Mapped[str | None] = mapped_column(Text)
    """What opened it says it is, cut short: for the person to recognise, never to decide by."""
    means: Mapped[SignInMeans]
    opened_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    """When it was opened or last renewed."""
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[EndedBecause | None]

    def live_on(self, at: datetime) -> None:
        """It was opened or renewed."""
        self.last_used_at, self.expires_at = at, min(at + SESSION_LIFE, self.opened_at + LONGEST_SESSION[self.means])

    def end(self, because: EndedBecause, at: datetime) -> None:
        """The first reason stands."""
        if self.ended_at is None:
            self.ended_at, self.ended_because = at, because


class RefreshToken(Base):
    """One refresh token of a session, by the SHA-256 of its 32 random bytes; good once."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_session_id", "session_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    issued_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
