"""The contact: a person, and the address that he is reached at."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from contracts.identity.events import (
    ContactChanged,
    ContactCreated,
    ContactErased,
    ContactPasswordChanged,
    ContactSecondFactorEnabled,
    ContactSecondFactorRemoved,
    PasswordResetRequested,
    VerificationRequested,
)
from contracts.identity.states import ContactKind, ContactState
from contracts.shared.values import Language

ERASED = "erased"
"""The name of who was erased, and the domain of his address."""


class Contact(Aggregate):
    """A guest (applicant, invitee, guest checkout) can never sign in; a registered one is the only one of its address,
    beside those that are consumers alone."""

    __tablename__ = "contacts"
    __table_args__ = (
        Index(
            "uq_contacts_registered_email",
            "email",
            unique=True,
            postgresql_where=text("kind = 'registered' AND NOT consumer"),
        ),
        Index("ix_contacts_email", "email"),
        Index("ix_contacts_email_domain", text("split_part(email, '@', 2)")),
        Index("ix_contacts_company_id", "company_id"),
        Index(
            "ix_contacts_search",
            "name",
            "email",
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops", "email": "gin_trgm_ops"},
        ),
        Index("ix_contacts_name", text("lower(name)"), "id"),
        Index("ix_contacts_created_at", "created_at", "id"),
    )

    kind: Mapped[ContactKind] = mapped_column(default=ContactKind.GUEST)
    company_id: Mapped[UUID | None]
    company_name: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    """As `identity.contacts.email.normalised` writes it."""
    language: Mapped[Language]
    groups: Mapped[list[str]] = mapped_column(default=list)
    phones: Mapped[list[str]] = mapped_column(default=list)
    addresses: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    consumer: Mapped[bool] = mapped_column(default=False)
    """His account is for the merchant's shop for consumers; he signs in for companies with another (ID-08)."""
    verified_at: Mapped[datetime | None]
    """When the person proved that the address is his; nobody signs in before."""
    verification_issue: Mapped[int] = mapped_column(default=0)
    """Number of the last verification link; links of earlier ones are dead."""
    reset_issue: Mapped[int] = mapped_column(default=0)
    """Number of the last password reset link; links of earlier ones are dead."""
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]

    def announce(self) -> None:
        """He is known from now on."""
        self.record(ContactCreated(contact_id=self.id, company_id=self.company_id))

    def change(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Returns the names of the fields that really changed. A new address is to be proved again."""
        changed = self.assign(values)
        if "email" in changed:
            self.verified_at = None
        if changed:
            self.record(ContactChanged(contact_id=self.id, fields=changed))
        return changed

    def register(self) -> None:
        """From now on he may have an account. Does nothing when he is registered."""
        self.change({"kind": ContactKind.REGISTERED})

    def leave_to_consumer(self) -> None:
        """From now on the account is the consumer's alone. Does nothing when it is already."""
        self.change({"consumer": True})

    def verify(self, at: datetime) -> None:
        """He proved that the address is his. The first time counts."""
        if self.verified_at is None:
            self.change({"verified_at": at})

    def request_verification(self) -> None:
        """A link to prove the address goes out; earlier ones are dead."""
        self.verification_issue += 1
        self.record(VerificationRequested(contact_id=self.id, issue=self.verification_issue))

    def request_reset(self) -> None:
        """A link to choose another password goes out; earlier ones are dead."""
        self.reset_issue += 1
        self.record(PasswordResetRequested(contact_id=self.id, issue=self.reset_issue))

    def erase(self, at: datetime) -> None:
        """Leaves nothing that tells who he was; the row stays, since orders and members name it (ID-27)."""
        self.kind, self.name, self.email = ContactKind.GUEST, ERASED, f"{self.id}@{ERASED}.invalid"
        self.company_name = self.verified_at = None
        self.groups, self.phones, self.addresses = [], [], []
        self.erased_at = at
        self.record(ContactErased(contact_id=self.id, erased_at=at))

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None

    def change_password(self) -> None:
        """Another one than before; a first one is none."""
        self.record(ContactPasswordChanged(contact_id=self.id))

    def enable_second_factor(self) -> None:
        """From now on he signs in with a code, too."""
        self.record(ContactSecondFactorEnabled(contact_id=self.id))

    def remove_second_factor(self) -> None:
        """From now on his password is enough, where the merchant's policy lets it be."""
        self.record(ContactSecondFactorRemoved(contact_id=self.id))

    def state(self) -> ContactState:
        return ContactState(
            contact_id=self.id,
            kind=self.kind,
            company_id=self.company_id,
            company_name=self.company_name,
            name=self.name,
            email=self.email,
            language=self.language,
        )
