"""The only readers of companies behind HTTP."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Row, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from chassis.http.paging import Page, page
from contracts.identity.events import CompanyOrigin
from contracts.identity.values import Capability, CustomerStatus
from contracts.shared.values import Address, Language
from identity.companies.models import Company
from identity.companies.status import WHY, Facts, what_next
from identity.cursors import id_after
from identity.policies import status_table

companies = Company.__table__


class CompanyAddress(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["invoice", "delivery"]
    address: Address


class CompanyAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str
    status: CustomerStatus
    legal_name: str
    country: str
    vat_number: str | None
    registration_number: str | None
    email: str | None
    phone: str | None
    department: str | None
    language: Language
    storefront: str
    groups: list[str]
    addresses: list[CompanyAddress]
    sales_representative: str | None
    pays_by_invoice: bool
    invoice_days: int | None
    payment_reference: str | None
    vat_exempt: bool
    external_keys: dict[str, str]
    test: bool
    with_account_access: bool
    origin: CompanyOrigin
    first_contact_id: UUID | None
    has_price_list: bool
    suspension_reason: str | None
    merged_into: UUID | None
    merged_at: datetime | None
    former_numbers: list[str]
    created_at: datetime


async def read_company(connection: AsyncConnection, company_id: UUID) -> Row[Any]:
    """
    Raises:
        NotFound: there is none.
    """
    row = (await connection.execute(select(companies).where(companies.c.id == company_id))).first()
    if row is None:
        raise NotFound
    return row


def choose_companies(
    seen: ColumnElement[bool],
    *,
    status: CustomerStatus | None,
    group: str | None,
    storefront: str | None,
    search: str | None,
) -> Select[Any]:
    """Companies in no order. `search` is a part of name, number, VAT or registration number; what is None does not filter.

    Args:
        seen: which companies exist for the caller.
    """
    query = select(companies).where(seen)
    if status:
        query = query.where(companies.c.status == status)
    if group:
        query = query.where(companies.c.groups.contains([group]))
    if storefront:
        query = query.where(companies.c.storefront == storefront)
    if search:
        columns = (companies.c.legal_name, companies.c.number, companies.c.vat_number, companies.c.registration_number)
        query = query.where(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    return query


async def list_companies(
    connection: AsyncConnection,
    seen: ColumnElement[bool],
    *,
    status: CustomerStatus | None,
    group: str | None,
    storefront: str | None,
    search: str | None,
    cursor: str | None,
    limit: int,
) -> Page[CompanyAnswer]:
    """By id, oldest first."""
    query = choose_companies(seen, status=status, group=group, storefront=storefront, search=search)
    query = query.order_by(companies.c.id).limit(limit + 1)
    if cursor:
        query = query.where(companies.c.id > id_after(cursor))
    rows = (await connection.execute(query)).all()
    return page([CompanyAnswer.model_validate(row) for row in rows], limit, lambda row: (row.id,))


class StatusExplained(BaseModel):
    status: CustomerStatus
    allowed: list[Capability]
    why: str
    what_next: dict[str, CustomerStatus]
    """Which facts would change it, and to what."""


async def explain_status(connection: AsyncConnection, company_id: UUID, at: datetime) -> StatusExplained:
    """
    Raises:
        NotFound: there is no such company.
    """
    row = await read_company(connection, company_id)
    facts = Facts(
        row.application_outcome,
        row.first_invitation_live,
        row.accepted_at,
        row.suspended_at,
        row.has_price_list,
        row.merged_into is not None,
    )
    table = await status_table(connection)
    return StatusExplained(
        status=row.status,
        allowed=sorted(table.allowed.get(row.status, ())),
        why=WHY[row.status],
        what_next=what_next(facts, at),
    )
