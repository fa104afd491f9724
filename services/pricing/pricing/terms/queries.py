"""Terms, behind HTTP."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.pricing.states import AssigneeKind
from pricing.buyers.models import KnownCompany
from pricing.terms.models import Terms


async def terms(connection: AsyncConnection, kind: AssigneeKind, assignee: str) -> Any:
    """None: nothing was ever given."""
    query = select(Terms.price_lists, Terms.has_valid_price_list, Terms.sequence).where(
        Terms.assignee_kind == kind, Terms.assignee == assignee
    )
    return (await connection.execute(query)).first()


async def representative_of(connection: AsyncConnection, company: str) -> str | None:
    """None: the company has no sales representative, or is not known here."""
    found: str | None = await connection.scalar(
        select(KnownCompany.sales_representative).where(KnownCompany.key == company)
    )
    return found
