"""The only readers of companies behind HTTP."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from chassis.http.paging import Page
from contracts.identity.events import CompanyOrigin
from contracts.identity.values import Capability, CustomerStatus, VatCheck
from contracts.shared.values import Address, Language, Money
from identity.companies.filters import SORTING, CompanyFilter
from identity.companies.models import Company
from identity.companies.status import WHY, Facts, what_next
from identity.policies import status_table
from identity.sorting import sorted_page

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
    vat_check: VatCheck | None
    vat_checked_at: datetime | None
    vat_consultation: str | None
    vat_check_due_at: datetime | None
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
    credit_limit: Money | None
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
    changed_at: datetime


async def read_company(connection: AsyncConnection, company_id: UUID) -> Row[Any]:
    """
    Raises:
        NotFound: there is none.
    """
    row = (await connection.execute(select(companies).where(companies.c.id == company_id))).first()
    if row is None:
        raise NotFound
    return row


async def list_companies(
    connection: AsyncConnection,
    seen: ColumnElement[bool],
    wanted: CompanyFilter,
    *,
    sort: str,
    cursor: str | None,
    limit: int,
) -> Page[CompanyAnswer]:
    """
    Args:
        seen: which companies exist for the caller.

    Raises:
        Invalid: the cursor is not one of this list in this order.
    """
    rows = await SORTING.rows(connection, wanted.query().where(seen), sort=sort, cursor=cursor, limit=limit)
    return sorted_page(CompanyAnswer, rows, sort, limit)


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
