"""Limits of a company, for staff and its administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Response
from pydantic import BaseModel, ConfigDict, field_validator
from pydantic.config import JsonDict

from chassis import clock
from chassis.errors import Forbidden, NotFound
from chassis.http.etag import etag
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import staff_or_member
from contracts.identity.tokens import StaffClaims
from contracts.identity.values import StaffPermission
from contracts.shared.values import Money
from orders.access import StaffOrMember, member_of
from orders.buyers.models import Buyer
from orders.limits.commands import SetCompanyLimits, set_company_limits
from orders.limits.queries import MonthUse, company_is_known, read_limits

router = Router(prefix="/v1/limits", tags=["limits"])


LIMITS: JsonDict = {
    "per_order": {"amount": "2500.00", "currency": "EUR"},
    "per_month": {"amount": "10000.00", "currency": "EUR"},
}


class CompanyLimitsBody(BaseModel):
    """Null: no such limit. An order over one of these is refused; over a limit of its member it waits for attestation."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [LIMITS]})

    per_order: Money | None = None
    per_month: Money | None = None
    """Of all orders submitted in a calendar month (UTC) that did not end otherwise than placed."""

    @field_validator("per_order", "per_month")
    @classmethod
    def _not_negative(cls, limit: Money | None) -> Money | None:
        if limit is not None and limit.amount < 0:
            raise ValueError("must not be negative")
        return limit


USED: JsonDict = {
    "company_id": "019a2043-71b0-7600-b3a5-6b2089d37483",
    "this_month": [{"currency": "EUR", "reserved": "120.00", "spent": "830.50"}],
}


class CompanyLimitsAnswer(CompanyLimitsBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{**LIMITS, **USED}]})

    company_id: UUID
    this_month: list[MonthUse]
    """Per currency."""


def _may_manage(caller: StaffClaims | Buyer, company_id: UUID) -> None:
    """
    Raises:
        NotFound: it is another company.
        Forbidden: he is no administrator of it.
    """
    if isinstance(caller, StaffClaims):
        return
    if caller.company.company_id != company_id:
        raise NotFound
    if not member_of(caller).administers:
        raise Forbidden("administrators-only", "Only an administrator of the company may do this.")


@router.get(
    "/companies/{company_id}",
    openapi_extra=staff_or_member(StaffPermission.SEE_ORDERS),
    summary="Read a company's limits and their use",
)
async def read_company_limits(
    company_id: UUID, caller: StaffOrMember, connection: Reading, response: Response
) -> CompanyLimitsAnswer:
    _may_manage(caller, company_id)
    if not await company_is_known(connection, company_id):
        raise NotFound
    limits = await read_limits(connection, company_id, clock.now())
    response.headers["ETag"] = etag(limits.version)
    return CompanyLimitsAnswer(
        company_id=company_id, per_order=limits.per_order, per_month=limits.per_month, this_month=limits.this_month
    )


@router.put(
    "/companies/{company_id}",
    openapi_extra=staff_or_member(StaffPermission.MANAGE_ORDERS),
    summary="Set a company's limits",
)
async def change_company_limits(
    company_id: UUID,
    body: CompanyLimitsBody,
    caller: StaffOrMember,
    session: Session,
    response: Response,
    if_match: Annotated[str, Header()],
) -> CompanyLimitsBody:
    _may_manage(caller, company_id)
    if not await company_is_known(await session.connection(), company_id):
        raise NotFound
    limits = await set_company_limits(
        session, SetCompanyLimits(company_id, if_match, body.per_order, body.per_month, clock.now())
    )
    response.headers["ETag"] = etag(limits.version)
    return body
