"""Who is calling, as this service's own projections know him now, whatever his token is older than."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.context import act_as
from chassis.errors import Forbidden, NotYet, Unauthenticated
from chassis.http.authentication import claims_of
from contracts.identity.operations import permission_lacking
from contracts.identity.status_table import refusal_code
from contracts.identity.tokens import MemberClaims, StaffClaims, claims_adapter
from contracts.identity.values import Capability, CustomerStatus
from orders.buyers.models import Buyer, Member
from orders.buyers.queries import find_buyer
from orders.own_companies import leads_to_own_company

MEMBER: dict[str, Any] = {"x-access": "member"}


async def _claims(request: Request) -> StaffClaims | MemberClaims:
    claims = await claims_of(request)
    if claims is None:
        raise Unauthenticated("token-missing", "An access token is needed here.")
    try:
        return claims_adapter.validate_python(claims)
    except ValidationError as error:
        raise Unauthenticated("token-invalid", "The access token is not one of ours.") from error


@asynccontextmanager
async def _connection(request: Request) -> AsyncIterator[AsyncConnection | AsyncSession]:
    """The transaction of a writing request, so that it decides on what it has read; else a connection for this alone."""
    session: AsyncSession | None = getattr(request.state, "session", None)
    if session is not None:
        yield session
    else:
        async with request.app.state.database.reading() as connection:
            yield connection


async def _admit(request: Request, claims: MemberClaims) -> Buyer:
    async with _connection(request) as connection:
        buyer = await find_buyer(connection, claims.company, claims.member, claims.storefront)
    if buyer is not None and buyer.company.status is CustomerStatus.MERGED:
        raise _by_status(buyer.company.status)  # its members are in the other company: sign in again
    if buyer is None or buyer.member is None:
        raise NotYet("member-unknown", "The member or its company has not arrived here yet.")
    if not buyer.member.active:
        raise Forbidden("member-inactive", "You are not an active member of the company.")
    if not buyer.company.with_account_access:
        raise Forbidden("company-without-account-access", "Nobody signs in for this company.")
    if Capability.LOG_IN not in buyer.company.allowed:
        raise _by_status(buyer.company.status)
    act_as(f"member:{buyer.member.member_id}")
    return buyer


def _by_status(status: CustomerStatus) -> Forbidden:
    return Forbidden(
        refusal_code(status), "The company's status does not allow this.", facts={"customer_status": status.value}
    )


async def _staff(request: Request) -> StaffClaims:
    claims = await _claims(request)
    if not isinstance(claims, StaffClaims):
        raise Forbidden("staff-only", "Only the merchant's staff may do this.")
    act_as(f"staff:{claims.sub}")
    leads_to_own = False
    if not claims.sees_all_companies:
        async with _connection(request) as connection:
            leads_to_own = await leads_to_own_company(connection, request, claims)
    if lacking := permission_lacking(request.scope["route"].openapi_extra, claims, leads_to_own=leads_to_own):
        raise Forbidden("permission-missing", "Your role does not allow this.", facts={"permission": lacking})
    return claims


async def _member(request: Request) -> Buyer:
    claims = await _claims(request)
    if not isinstance(claims, MemberClaims):
        raise Forbidden("members-only", "Only a member of a company may do this.")
    return await _admit(request, claims)


async def _staff_or_member(request: Request) -> StaffClaims | Buyer:
    claims = await _claims(request)
    if isinstance(claims, MemberClaims):
        return await _admit(request, claims)
    return await _staff(request)


StaffDependency = Depends(_staff)
Staff = Annotated[StaffClaims, StaffDependency]
"""One of the merchant's people. 403 `staff-only` for others."""
MemberCaller = Annotated[Buyer, Depends(_member)]
"""An active member of a company whose status lets it sign in."""
StaffOrMember = Annotated[StaffClaims | Buyer, Depends(_staff_or_member)]


def member_of(buyer: Buyer) -> Member:
    """The member that a `MemberCaller` always has."""
    assert buyer.member is not None
    return buyer.member
