"""Name, address and language of a person, as identity last said. Personal data; erased by tombstone."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.projections import Projected


class Contact(Projected):
    """The key is the contact's id."""

    __tablename__ = "contacts"

    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(40))
    """A `Language`, or one of a later release."""
    company_name: Mapped[str | None] = mapped_column(Text)
