"""Limits of a company, and what of this month is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.orders.values import OrderStatus
from contracts.shared.values import Amount, Money
from orders.buyers.models import CompanyRow
from orders.buyers.queries import companies_of
from orders.limits.models import CompanyLimits, MonthlyUsage, month_of
from orders.orders.models import Order


class MonthUse(BaseModel):
    currency: str
    reserved: Amount
    """By orders that wait."""
    spent: Amount
    """By orders that are placed."""


@dataclass(frozen=True)
class LimitsView:
    per_order: Money | None
    per_month: Money | None
    version: int
    this_month: list[MonthUse]


async def company_is_known(connection: AsyncConnection, company_id: UUID) -> bool:
    return await connection.scalar(select(CompanyRow.key).where(CompanyRow.key == str(company_id))) is not None


async def read_limits(connection: AsyncConnection, company_id: UUID, at: datetime) -> LimitsView:
    found = await connection.execute(
        select(CompanyLimits.per_order, CompanyLimits.per_month, CompanyLimits.version).where(
            CompanyLimits.company_id == company_id
        )
    )
    row = found.first()
    return LimitsView(
        per_order=Money.model_validate(row.per_order) if row and row.per_order else None,
        per_month=Money.model_validate(row.per_month) if row and row.per_month else None,
        version=row.version if row else 0,
        this_month=await _month_use(connection, await companies_of(connection, company_id), at),
    )


async def _month_use(connection: AsyncConnection, companies: Sequence[UUID], at: datetime) -> list[MonthUse]:
    month = month_of(at)
    booked = (
        select(MonthlyUsage.currency, func.sum(MonthlyUsage.used).label("used"))
        .where(MonthlyUsage.subject.in_(companies), MonthlyUsage.month == month)
        .group_by(MonthlyUsage.currency)
        .subquery()
    )
    reserved = (
        select(func.coalesce(func.sum(Order.total), Decimal("0.00")))
        .where(
            Order.company_id.in_(companies),
            Order.month == month,
            Order.currency == booked.c.currency,
            Order.status.in_((OrderStatus.AWAITING_ATTESTATION, OrderStatus.ATTESTED)),
        )
        .correlate(booked)
        .scalar_subquery()
    )
    rows = await connection.execute(
        select(booked.c.currency, booked.c.used, reserved.label("reserved")).order_by(booked.c.currency)
    )
    return [MonthUse(currency=row.currency, reserved=row.reserved, spent=row.used - row.reserved) for row in rows]
