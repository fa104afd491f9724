"""Local copies of what identity owns. No name and no address is among it."""

from typing import Any

from sqlalchemy import String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from chassis.projections import Projected


class KnownCompany(Projected):
    """A company, as far as it decides prices and VAT. Its key is its id."""

    __tablename__ = "companies"

    status: Mapped[str] = mapped_column(String(40))
    """A `CustomerStatus`, or one of a later release."""
    storefront: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    vat_number: Mapped[str | None] = mapped_column(Text)
    vat_exempt: Mapped[bool]
    groups: Mapped[list[str]]
    sales_representative: Mapped[str | None] = mapped_column(Text)


class KnownMember(Projected):
    """A member, and what it may do. Its key is its id."""

    __tablename__ = "members"

    company_id: Mapped[Any] = mapped_column(Uuid)
    contact_id: Mapped[Any] = mapped_column(Uuid, index=True)
    active: Mapped[bool]
    permissions: Mapped[list[str]]


class KnownStorefront(Projected):
    """Who may enter a storefront. Its key is its code."""

    __tablename__ = "storefronts"

    active: Mapped[bool]
    access: Mapped[str] = mapped_column(String(40))
    """A `StorefrontAccess`, or one of a later release."""
    groups: Mapped[list[str]]


class KnownStatusTable(Projected):
    """Status x capability; one row."""

    __tablename__ = "status_tables"

    allowed: Mapped[dict[str, Any]]
