"""Projections of companies, members and the status table, and the buyer that decisions are made about."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Index, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.projections import Projected
from contracts.identity.values import Capability, CustomerStatus, Permission
from contracts.shared.values import Money


class CompanyRow(Projected):
    __tablename__ = "buyer_companies"
    __table_args__ = (
        Index("ix_buyer_companies_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    )

    number: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(40))
    """A `CustomerStatus`, or one of a later release."""
    with_account_access: Mapped[bool]
    storefront: Mapped[str] = mapped_column(Text)
    groups: Mapped[list[str]]
    pays_by_invoice: Mapped[bool]
    sales_representative: Mapped[str | None] = mapped_column(Text)
    merged_into: Mapped[UUID | None]
    """The company that it is now, which is never a merged one (ID-26)."""


class MemberRow(Projected):
    __tablename__ = "buyer_members"

    company_id: Mapped[UUID] = mapped_column(index=True)
    contact_id: Mapped[UUID]
    active: Mapped[bool]
    administers: Mapped[bool]
    permissions: Mapped[list[str]]
    always_attested: Mapped[bool]
    limit_per_order: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    limit_per_month: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    locations: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    """None: all of its company's."""
    substitute_id: Mapped[UUID | None]
    """Who decides on orders for it while it is away, from and until then."""
    substitute_since: Mapped[datetime | None]
    substitute_until: Mapped[datetime | None]


class LocationRow(Projected):
    """An establishment of a company; the key is its id."""

    __tablename__ = "buyer_locations"

    company_id: Mapped[UUID]
    active: Mapped[bool]


class ProjectRow(Projected):
    """What orders of a company can be booked on; the key is its id."""

    __tablename__ = "buyer_projects"

    company_id: Mapped[UUID]
    contact_id: Mapped[UUID | None]
    """Who alone books on it; None: everybody in the company."""
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    """The last day, of UTC."""
    active: Mapped[bool]


class StorefrontRow(Projected):
    """Who may enter a storefront; the key is its code."""

    __tablename__ = "buyer_storefronts"

    active: Mapped[bool]
    access: Mapped[str] = mapped_column(String(40))
    """A `StorefrontAccess`, or one of a later release."""
    groups: Mapped[list[str]]


class StatusTableRow(Projected):
    __tablename__ = "status_table"

    allowed: Mapped[dict[str, Any]]


@dataclass(frozen=True)
class Account:
    """A company as it is now, and the companies that were merged into it (ID-26).

    Their orders are its orders, though they name the company that they were placed by.
    """

    company_id: UUID
    predecessors: tuple[UUID, ...] = ()

    @property
    def companies(self) -> tuple[UUID, ...]:
        """Whose orders are its orders."""
        return (self.company_id, *self.predecessors)


@dataclass(frozen=True)
class Company:
    """A company as the gate sees it.

    Attributes:
        allowed: what its status allows, by the merchant's table.
        storefront: at which it buys: the one that the member entered, or else its own.
        entry_refusal: code of why it may not enter that (ID-19); None: it may.
        limit_per_order, limit_per_month: its own, kept here (OR-09).
        predecessors: companies that were merged into it (ID-26); what they used of this month counts for it.
    """

    company_id: UUID
    number: str
    status: CustomerStatus
    allowed: frozenset[Capability]
    storefront: str
    entry_refusal: str | None = None
    pays_by_invoice: bool = False
    with_account_access: bool = True
    sales_representative: str | None = None
    limit_per_order: Money | None = None
    limit_per_month: Money | None = None
    predecessors: tuple[UUID, ...] = ()

    @property
    def account(self) -> Account:
        return Account(self.company_id, self.predecessors)


@dataclass(frozen=True)
class Member:
    """A member of a company, and what it may do there."""

    member_id: UUID
    company_id: UUID
    contact_id: UUID
    active: bool = True
    administers: bool = False
    permissions: frozenset[Permission] = frozenset()
    always_attested: bool = False
    limit_per_order: Money | None = None
    limit_per_month: Money | None = None
    locations: frozenset[UUID] | None = None
    """For which it acts; None: for all of its company's (ID-18)."""
    predecessors: tuple[UUID, ...] = ()
    """Companies that were merged into its own (ID-26)."""
    stands_in_for: tuple["Member", ...] = ()
    """Who is away now, and for whom it decides (ID-14), where that was looked up."""

    @property
    def account(self) -> Account:
        return Account(self.company_id, self.predecessors)

    @property
    def attests(self) -> bool:
        """Whether it decides on orders of its company at all."""
        return self.active and (self.administers or Permission.ATTEST_ORDERS in self.permissions)

    def acts_for(self, location_id: UUID | None) -> bool:
        """Whether an order for this location, or for none, is one of those that it deals with."""
        return self.locations is None or location_id in self.locations


@dataclass(frozen=True)
class Buyer:
    """For whom an order is, and who acts.

    Attributes:
        member: None when the merchant's staff acts on behalf of the company, or when the member is unknown here.
        staff_id: who of the staff that is.
    """

    company: Company
    member: Member | None
    staff_id: UUID | None = None
