"""The only readers of orders behind HTTP. What a caller may see is decided in one place: `visible`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from chassis.http.paging import decode_cursor
from contracts.identity.tokens import StaffClaims
from contracts.identity.values import Permission
from contracts.orders.values import OrderStatus
from orders.buyers.models import Buyer, Member
from orders.buyers.queries import companies_of, with_absent
from orders.orders.models import Order
from orders.own_companies import is_his

Row = Mapping[str, Any]
_TABLE = Order.__table__


def visible(caller: StaffClaims | Buyer) -> ColumnElement[bool]:
    """Which orders this caller may see (OR-10).

    Staff: all, or those of their companies (ID-20). An administrator, and who may see all orders: those of the company. An
    attester: also those that wait or waited for attestation, which he must be able to check. Of these, who acts for some
    locations only: the orders for them. Who stands in for a member that is away: also those that that one would have to
    check (ID-14). Everybody else who may see orders: his own, by whichever membership he submitted them. Orders of companies
    that were merged into his are among them (ID-26).
    """
    if isinstance(caller, StaffClaims):
        return is_his(caller, Order.company_id)
    member = caller.member
    if member is None:
        return false()
    seen: list[ColumnElement[bool]] = []
    here = true() if member.locations is None else Order.location_id.in_(member.locations)
    if member.administers or Permission.SEE_ALL_ORDERS in member.permissions:
        seen.append(here)
    if Permission.ATTEST_ORDERS in member.permissions:
        seen.append(and_(here, Order.rule.is_not(None)))
    for absent in member.stands_in_for:
        there = true() if absent.locations is None else Order.location_id.in_(absent.locations)
        seen.append(and_(there, Order.rule.is_not(None)))
    if Permission.SEE_OWN_ORDERS in member.permissions:
        seen.append(Order.contact_id == member.contact_id)
    return and_(Order.company_id.in_(member.account.companies), or_(false(), *seen))


async def as_he_is(connection: AsyncConnection, caller: StaffClaims | Buyer, at: datetime) -> StaffClaims | Buyer:
    """A member with those for whom he stands in."""
    if isinstance(caller, StaffClaims) or caller.member is None:
        return caller
    return replace(caller, member=await with_absent(connection, caller.member, at))


async def find_order(connection: AsyncConnection, order_id: UUID, caller: StaffClaims | Buyer) -> Row:
    """
    Raises:
        NotFound: absent, or not one that the caller may see.
    """
    found = await connection.execute(select(_TABLE).where(Order.id == order_id, visible(caller)))
    row = found.mappings().first()
    if row is None:
        raise NotFound
    return dict(row)


@dataclass(frozen=True)
class Search:
    """
    Attributes:
        own: only those that the caller submitted himself.
        text: the number, or a part of the order reference.
    """

    own: bool = False
    status: OrderStatus | None = None
    text: str | None = None
    company_id: UUID | None = None
    member_id: UUID | None = None
    location_id: UUID | None = None
    project_id: UUID | None = None
    submitted_from: datetime | None = None
    submitted_until: datetime | None = None


_OVERVIEW: Select[Any] = select(  # type: ignore[assignment] # more columns than its overloads name
    Order.id.label("order_id"),
    Order.number,
    Order.company_id,
    Order.member_id,
    Order.status,
    Order.on_behalf,
    Order.staff_id,
    Order.payment,
    Order.order_reference,
    Order.cost_centre,
    Order.location_id,
    Order.project_id,
    Order.currency,
    Order.total,
    Order.lines,
    Order.submitted_at,
)


async def list_orders(
    connection: AsyncConnection, caller: StaffClaims | Buyer, search: Search, cursor: str | None, limit: int
) -> list[Row]:
    """Newest first; up to `limit + 1`, so that the caller sees whether there are more."""
    wanted = (await _matching(connection, _OVERVIEW, caller, search)).order_by(Order.id.desc()).limit(limit + 1)
    if cursor is not None:
        wanted = wanted.where(Order.id < _position(cursor))
    return [dict(row) for row in (await connection.execute(wanted)).mappings()]


async def next_orders(
    connection: AsyncConnection, caller: StaffClaims, search: Search, after: UUID | None
) -> list[Row]:
    """The next orders for an export, oldest first, with every column."""
    wanted = (await _matching(connection, select(_TABLE), caller, search)).order_by(Order.id).limit(EXPORT_BATCH)
    if after is not None:
        wanted = wanted.where(Order.id > after)
    return [dict(row) for row in (await connection.execute(wanted)).mappings()]


EXPORT_BATCH = 200


async def _matching(
    connection: AsyncConnection, wanted: Select[Any], caller: StaffClaims | Buyer, search: Search
) -> Select[Any]:
    wanted = wanted.where(visible(caller))
    if search.own:
        wanted = wanted.where(Order.contact_id == _contact_id(caller))
    if search.company_id is not None:
        wanted = wanted.where(Order.company_id.in_(await companies_of(connection, search.company_id)))
    if search.member_id is not None:
        wanted = wanted.where(Order.member_id == search.member_id)
    if search.location_id is not None:
        wanted = wanted.where(Order.location_id == search.location_id)
    if search.project_id is not None:
        wanted = wanted.where(Order.project_id == search.project_id)
    if search.status is not None:
        wanted = wanted.where(Order.status == search.status)
    if search.text:
        part = f"%{_literal(search.text)}%"
        wanted = wanted.where(
            or_(Order.number == search.text.strip().upper(), Order.order_reference.ilike(part, escape="\\"))
        )
    if search.submitted_from is not None:
        wanted = wanted.where(Order.submitted_at >= search.submitted_from)
    if search.submitted_until is not None:
        wanted = wanted.where(Order.submitted_at < search.submitted_until)
    return wanted


def _literal(text: str) -> str:
    return text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _contact_id(caller: StaffClaims | Buyer) -> UUID | None:
    member: Member | None = None if isinstance(caller, StaffClaims) else caller.member
    return member.contact_id if member else None


def _position(cursor: str) -> UUID:
    try:
        return UUID(str(decode_cursor(cursor, 1)[0]))
    except ValueError:
        raise NotFound("The cursor is not one of this list.") from None
