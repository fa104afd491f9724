"""Name, address and language of a person, as identity last said. Personal data; erased by tombstone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Base
from chassis.projections import Projected


class Contact(Projected):
    """The key is the contact's id."""

    __tablename__ = "contacts"

    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(40))
    """A `Language`, or one of a later release."""
    company_name: Mapped[str | None] = mapped_column(Text)


class ErasedContact(Base):
    """Who will never be known here again (ID-27), told from somebody who has not arrived yet. An id, and nothing else of him."""

    __tablename__ = "erased_contacts"

    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime]
