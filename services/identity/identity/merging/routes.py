"""HTTP: merging a duplicate, by the merchant's staff."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from chassis import clock
from chassis.http.routing import Reading, Router, Session
from contracts.identity.events import PriceListsOfMerged
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from identity.access import Staff
from identity.merging.commands import MergeCompany, merge_company
from identity.merging.queries import MergePreview, preview_merge
from identity.staff.companies import must_own

router = Router(prefix="/v1/companies", tags=["companies"])


@router.get(
    "/{company_id}/merge",
    openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS),
    summary="What merging it into another would do",
)
async def get_merge(
    company_id: UUID,
    into: Annotated[UUID, Query(description="The company that would remain")],
    connection: Reading,
    caller: Staff,
) -> MergePreview:
    """Both are yours, if you act for some companies only."""
    await must_own(connection, caller, into)
    return await preview_merge(connection, company_id, into)


class Merge(BaseModel):
    model_config = ConfigDict(extra="forbid")

    into: UUID
    """The company that remains."""
    price_lists: PriceListsOfMerged
    """Whether it is given the price lists of the duplicate, too; by both, the lowest price of an article counts."""


class Merged(BaseModel):
    company_id: UUID
    merged_into: UUID
    merged_at: datetime


@router.post(
    "/{company_id}/merge",
    openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS),
    summary="Merge a duplicate into another company",
)
async def post_merge(company_id: UUID, body: Merge, session: Session, caller: Staff) -> Merged:
    """For good (ID-26). Its members sign in again and are the other's; its orders stay and are found there."""
    await must_own(session, caller, body.into)
    company = await merge_company(session, MergeCompany(company_id, body.into, body.price_lists), clock.now())
    assert company.merged_into is not None
    assert company.merged_at is not None
    return Merged(company_id=company.id, merged_into=company.merged_into, merged_at=company.merged_at)
