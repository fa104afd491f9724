"""Which companies exist for one of the staff: all, or those of whom he is the sales representative (ID-20)."""

from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import ColumnElement, Uuid, cast, false, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from chassis.errors import NotFound
from contracts.identity.tokens import StaffClaims
from orders.buyers.models import CompanyRow
from orders.orders.models import Order


def is_his(caller: StaffClaims, company_id: Any) -> ColumnElement[bool]:
    """For a statement over what has this column with its company, which may have been merged into another (ID-26)."""
    if caller.sees_all_companies:
        return true()
    if caller.representative is None:
        return false()
    now = aliased(CompanyRow)
    his = (
        select(cast(CompanyRow.key, Uuid))
        .join(now, cast(now.key, Uuid) == func.coalesce(CompanyRow.merged_into, cast(CompanyRow.key, Uuid)))
        .where(now.sales_representative == caller.representative)
    )
    return company_id.in_(his)  # type: ignore[no-any-return]


async def leads_to_own_company(
    connection: AsyncConnection | AsyncSession, request: Request, caller: StaffClaims
) -> bool:
    """Whether the path names one of his companies, or an order of one. False: it names neither.

    Raises:
        NotFound: it names another company's.
    """
    path, company = request.path_params, cast(CompanyRow.key, Uuid)
    if "order_id" in path:
        found = select(Order.company_id).where(Order.id == _id(path["order_id"]), is_his(caller, Order.company_id))
    elif "company_id" in path:
        found = select(company).where(CompanyRow.key == str(_id(path["company_id"])), is_his(caller, company))
    else:
        return False
    if await connection.scalar(found) is None:
        raise NotFound
    return True


def _id(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise NotFound from None
