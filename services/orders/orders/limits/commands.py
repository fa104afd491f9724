"""Writes limits, and reserves and gives back what orders use of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.context import cause
from chassis.hot import HotStatement
from chassis.http.etag import check_version
from contracts.shared.values import Money
from orders.limits.models import CompanyLimits, MonthlyUsage


@dataclass(frozen=True)
class Reservation:
    """What one order takes: of its company's month, and of its member's where a member submitted it."""

    company_id: UUID
    member_id: UUID | None
    month: date
    total: Money


@dataclass(frozen=True)
class Used:
    """What other orders of the month use already, in the order's currency."""

    company: Decimal
    member: Decimal


# Both lock the company's row first, so that parallel orders of a company wait for each other in one order.
_RESERVE = HotStatement(
    "INSERT INTO monthly_usage (subject, month, currency, used) "
    "SELECT subject, :month ::date, :currency ::text, :amount ::numeric "
    "FROM unnest(:subjects ::uuid[]) WITH ORDINALITY AS booked (subject, place) "
    "ORDER BY place "
    "ON CONFLICT (subject, month, currency) DO UPDATE SET used = monthly_usage.used + excluded.used "
    "RETURNING subject, used"
)
_GIVE_BACK = text(
    "WITH locked AS (SELECT subject FROM monthly_usage "
    "WHERE subject = ANY(:subjects ::uuid[]) AND month = :month AND currency = :currency "
    "ORDER BY array_position(:subjects ::uuid[], subject) FOR UPDATE) "
    "UPDATE monthly_usage SET used = used - :amount FROM locked "
    "WHERE monthly_usage.subject = locked.subject AND month = :month AND currency = :currency"
)


async def reserve(session: AsyncSession, reservation: Reservation, predecessors: Sequence[UUID] = ()) -> Used:
    """Books the order's total and answers with what was used before it. The gate decides afterwards; a refusal rolls back.

    What companies that were merged into this one used of the month counts, too, and stays booked for them: their orders
    give it back there (ID-26).
    """
    rows = await _RESERVE.rows(session, _parameters(reservation))
    before = {row["subject"]: row["used"] - reservation.total.amount for row in rows}
    member = before[reservation.member_id] if reservation.member_id else Decimal(0)
    merged = await _used_by(session, predecessors, reservation) if predecessors else Decimal(0)
    return Used(before[reservation.company_id] + merged, member)


async def _used_by(session: AsyncSession, subjects: Sequence[UUID], like: Reservation) -> Decimal:
    used: Decimal | None = await session.scalar(
        select(func.sum(MonthlyUsage.used)).where(
            MonthlyUsage.subject.in_(subjects),
            MonthlyUsage.month == like.month,
            MonthlyUsage.currency == like.total.currency,
        )
    )
    return used or Decimal(0)


async def give_back(session: AsyncSession, reservation: Reservation) -> None:
    """Undoes `reserve`, in the transaction of the order's own transition."""
    await session.execute(_GIVE_BACK, _parameters(reservation))


def _parameters(reservation: Reservation) -> dict[str, Any]:
    return {
        "subjects": [one for one in (reservation.company_id, reservation.member_id) if one is not None],
        "month": reservation.month,
        "currency": reservation.total.currency,
        "amount": reservation.total.amount,
    }


@dataclass(frozen=True)
class SetCompanyLimits:
    company_id: UUID
    if_match: str
    per_order: Money | None
    per_month: Money | None
    at: datetime


async def set_company_limits(session: AsyncSession, command: SetCompanyLimits) -> CompanyLimits:
    """
    Raises:
        StaleVersion: somebody changed them since they were read.
    """
    blank = {"company_id": command.company_id, "version": 0, "changed_at": command.at, "changed_by": "nobody"}
    await session.execute(insert(CompanyLimits).values(blank).on_conflict_do_nothing())
    limits = (
        await session.scalars(
            select(CompanyLimits).where(CompanyLimits.company_id == command.company_id).with_for_update()
        )
    ).one()
    check_version(command.if_match, limits.version)
    limits.change(command.per_order, command.per_month, by=cause().actor or "unknown", at=command.at)
    return limits
