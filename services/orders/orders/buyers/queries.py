"""The buyer, in one statement."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Text, Uuid, any_, bindparam, cast, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from chassis.hot import HotStatement
from contracts.identity.status_table import DEFAULT_ALLOWED
from contracts.identity.storefronts import Doors, entry_refusal
from contracts.identity.values import Capability, CustomerStatus, Permission
from contracts.shared.values import Money
from orders.buyers.models import (
    Account,
    Buyer,
    Company,
    CompanyRow,
    LocationRow,
    Member,
    MemberRow,
    ProjectRow,
    StatusTableRow,
    StorefrontRow,
)
from orders.limits.models import CompanyLimits

_MEMBER = (
    MemberRow.key.label("member_key"),
    MemberRow.company_id,
    MemberRow.contact_id,
    MemberRow.active,
    MemberRow.administers,
    MemberRow.permissions,
    MemberRow.always_attested,
    MemberRow.limit_per_order,
    MemberRow.limit_per_month,
    MemberRow.locations,
    MemberRow.substitute_id,
    MemberRow.substitute_since,
    MemberRow.substitute_until,
)

_Merged = aliased(CompanyRow, name="merged")


def _merged_into(company: Any) -> Any:
    return select(func.array_agg(cast(_Merged.key, Uuid))).where(_Merged.merged_into == company).scalar_subquery()


_BUYER = HotStatement.of(
    select(
        CompanyRow.number,
        CompanyRow.status,
        CompanyRow.with_account_access,
        CompanyRow.storefront,
        CompanyRow.groups,
        CompanyRow.pays_by_invoice,
        CompanyRow.sales_representative,
        StatusTableRow.allowed,
        CompanyLimits.per_order,
        CompanyLimits.per_month,
        _merged_into(bindparam("company_id")).label("predecessors"),
        StorefrontRow.key.label("defined"),
        StorefrontRow.active.label("open"),
        StorefrontRow.access,
        StorefrontRow.groups.label("admitted"),
        *_MEMBER,
    )
    .select_from(CompanyRow)
    .outerjoin(StatusTableRow, true())
    .outerjoin(
        StorefrontRow, StorefrontRow.key == func.coalesce(bindparam("storefront", type_=Text), CompanyRow.storefront)
    )
    .outerjoin(CompanyLimits, CompanyLimits.company_id == bindparam("company_id"))
    .outerjoin(
        MemberRow, (MemberRow.key == bindparam("member_key")) & (MemberRow.company_id == bindparam("company_id"))
    )
    .where(CompanyRow.key == bindparam("company_key"))
)


async def find_buyer(
    connection: AsyncConnection | AsyncSession, company_id: UUID, member_id: UUID | None, storefront: str | None = None
) -> Buyer | None:
    """A company with its limits and what its status allows, and one of its members; None: the company is unknown here.

    Args:
        storefront: at which it buys; None: its own.
    """
    wanted = {"company_id": company_id, "company_key": str(company_id), "member_key": str(member_id)}
    wanted["storefront"] = storefront
    found = await _BUYER.rows(connection, wanted)
    if not found:
        return None
    row = found[0]
    company = Company(
        company_id=company_id,
        number=row["number"],
        status=CustomerStatus.of(row["status"]),
        allowed=_allowed(row["allowed"], row["status"]),
        storefront=storefront or row["storefront"],
        entry_refusal=_entry_refusal(row, own=storefront in (None, row["storefront"])),
        pays_by_invoice=row["pays_by_invoice"],
        with_account_access=row["with_account_access"],
        sales_representative=row["sales_representative"],
        limit_per_order=_money(row["per_order"]),
        limit_per_month=_money(row["per_month"]),
        predecessors=tuple(row["predecessors"] or ()),
    )
    return Buyer(company, _member(row, company.account) if row["member_key"] else None)


_NOW = func.coalesce(CompanyRow.merged_into, bindparam("company_id", type_=Uuid))
_ACCOUNT = HotStatement.of(
    select(_NOW.label("company_id"), _merged_into(_NOW).label("predecessors")).where(
        CompanyRow.key == bindparam("company_key")
    )
)


async def account_of(connection: AsyncConnection | AsyncSession, company_id: UUID) -> Account:
    """What this company is now: itself, or the one that it was merged into (ID-26)."""
    wanted = {"company_id": company_id, "company_key": str(company_id)}
    found = await _ACCOUNT.rows(connection, wanted)
    return Account(found[0]["company_id"], tuple(found[0]["predecessors"] or ())) if found else Account(company_id)


async def companies_of(connection: AsyncConnection | AsyncSession, company_id: UUID) -> tuple[UUID, ...]:
    """This company and those that were merged into it: under whose names its orders are found."""
    merged = select(cast(_Merged.key, Uuid)).where(_Merged.merged_into == company_id)
    return (company_id, *(await connection.scalars(merged)).all())


_COMPANIES = MemberRow.company_id == any_(bindparam("companies", type_=ARRAY(Uuid)))
_ACTIVE = HotStatement.of(select(*_MEMBER).where(_COMPANIES, MemberRow.active).order_by(MemberRow.key))
_ABSENT = HotStatement.of(
    select(*_MEMBER)
    .where(MemberRow.substitute_id == bindparam("member_id"), MemberRow.active, _COMPANIES)
    .where(MemberRow.substitute_since <= bindparam("at"), MemberRow.substitute_until > bindparam("at"))
    .order_by(MemberRow.key)
)


async def active_members(
    connection: AsyncConnection | AsyncSession, company_id: UUID, at: datetime
) -> Sequence[Member]:
    """Of what the company is now, with those for whom they stand in. One that is not known yet to have gone along with a
    merge is among them."""
    account = await account_of(connection, company_id)
    found, away = [], defaultdict(list)
    for row in await _ACTIVE.rows(connection, {"companies": account.companies}):
        found.append(_member(row, account))
        if row["substitute_id"] and row["substitute_since"] <= at < row["substitute_until"]:
            away[row["substitute_id"]].append(found[-1])
    return [replace(one, stands_in_for=tuple(away[one.member_id])) for one in found]


async def with_absent(connection: AsyncConnection | AsyncSession, member: Member, at: datetime) -> Member:
    """The member, with those for whom it stands in now."""
    if not member.attests:
        return member
    wanted = {"member_id": member.member_id, "companies": member.account.companies, "at": at}
    rows = await _ABSENT.rows(connection, wanted)
    return replace(member, stands_in_for=tuple(_member(row, member.account) for row in rows))


async def members_to_decide_by(session: AsyncSession, contacts: Collection[UUID], account: Account) -> list[Member]:
    """These contacts as members, whom no change of members passes by until this transaction ends: one that is under way is
    waited for."""
    rows = await session.execute(
        select(*_MEMBER)
        .where(MemberRow.contact_id.in_(contacts), MemberRow.company_id.in_(account.companies))
        .order_by(MemberRow.key)
        .with_for_update(read=True)
    )
    return [_member(row, account) for row in rows.mappings()]


async def find_submitter(
    session: AsyncSession,
    company_id: UUID,
    member_id: UUID | None,
    contact_id: UUID | None,
    *,
    storefront: str,
    at: datetime,
) -> Buyer | None:
    """The buyer of an order as he is now: in what his company is now, by whatever membership he has left there (ID-26)."""
    account = await account_of(session, company_id)
    buyer = await find_buyer(session, account.company_id, member_id, storefront)
    if buyer is None or contact_id is None or (buyer.member and buyer.member.active):
        return buyer
    same = (one for one in await active_members(session, account.company_id, at) if one.contact_id == contact_id)
    return replace(buyer, member=next(same, buyer.member))


def _entry_refusal(row: RowMapping, *, own: bool) -> str | None:
    doors = Doors(row["open"], row["access"], row["admitted"]) if row["defined"] else None
    return entry_refusal(doors, row["groups"], own=own)


def _allowed(table: Mapping[str, Sequence[str]] | None, status: str) -> frozenset[Capability]:
    """Before identity has published a table, the one as delivered counts. A status that it does not have allows nothing."""
    if table is None:
        return DEFAULT_ALLOWED.get(CustomerStatus.of(status), frozenset())
    return frozenset(map(Capability.of, table.get(status, ())))


def _member(row: RowMapping, account: Account) -> Member:
    return Member(
        member_id=UUID(row["member_key"]),
        company_id=account.company_id,
        predecessors=account.predecessors,
        contact_id=row["contact_id"],
        active=row["active"],
        administers=row["administers"],
        permissions=frozenset(map(Permission.of, row["permissions"])),
        always_attested=row["always_attested"],
        limit_per_order=_money(row["limit_per_order"]),
        limit_per_month=_money(row["limit_per_month"]),
        locations=None if row["locations"] is None else frozenset(row["locations"]),
    )


async def is_open_location(session: AsyncSession, company_id: UUID, location_id: UUID) -> bool:
    """Of this company, as far as is known here."""
    found = select(LocationRow.key).where(
        LocationRow.key == str(location_id), LocationRow.company_id == company_id, LocationRow.active
    )
    return await session.scalar(found) is not None


async def is_bookable(session: AsyncSession, buyer: Buyer, project_id: UUID, on: date) -> bool:
    """Whether this buyer may book an order of that day on the project, as far as is known here (ID-04).

    Staff order for the company, and book on the project of any of its people.
    """
    found = select(ProjectRow.key).where(
        ProjectRow.key == str(project_id),
        ProjectRow.company_id == buyer.company.company_id,
        ProjectRow.active,
        func.coalesce(ProjectRow.valid_from <= on, true()),
        func.coalesce(ProjectRow.valid_until >= on, true()),
    )
    if buyer.member is not None:
        found = found.where(func.coalesce(ProjectRow.contact_id == buyer.member.contact_id, true()))
    return await session.scalar(found) is not None


def _money(stored: dict[str, Any] | None) -> Money | None:
    return Money.model_validate(stored) if stored else None
