"""Spending limits of companies, and how much of the month is used (OR-09)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Base
from contracts.shared.values import Money


class CompanyLimits(Base):
    """What a company allows itself. An order over one of these is refused; nobody in the company can attest it.

    The limits of a member are identity's (ID-17); an order over one of those waits for its company.
    """

    __tablename__ = "company_limits"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    per_order: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    per_month: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(Text)

    def change(self, per_order: Money | None, per_month: Money | None, *, by: str, at: datetime) -> None:
        self.per_order = per_order.model_dump(mode="json") if per_order else None
        self.per_month = per_month.model_dump(mode="json") if per_month else None
        self.version += 1
        self.changed_by = by
        self.changed_at = at


class MonthlyUsage(Base):
    """What orders submitted in one month (UTC) take of a limit, all in one currency.

    `used` is what is reserved by waiting orders and spent by placed ones: which of both it is says the order's status, so
    placing an order changes nothing here. The row is locked from an order's submission to the end of its transaction;
    parallel orders of one company pass one by one. The check turns a double release into an error.
    """

    __tablename__ = "monthly_usage"
    __table_args__ = (CheckConstraint("used >= 0", name="not_negative"),)

    subject: Mapped[UUID] = mapped_column(primary_key=True)
    """The company, or the member."""
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    """Its first day."""
    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    used: Mapped[Decimal] = mapped_column(Numeric(18, 2))


def month_of(at: datetime) -> date:
    """The month that an order counts in: that of its submission, in UTC. `at` is in UTC."""
    return at.date().replace(day=1)
