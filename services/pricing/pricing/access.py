"""Who is calling. Every route has one of these dependencies, or is explicitly public.

Staff and members are told from their tokens here; what a member may do is decided from pricing's own projections, in
the statement that finds the buyer (`pricing.buyers.queries`), and so are the companies that exist for staff (ID-20).
"""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import ValidationError

from chassis.context import act_as
from chassis.errors import Forbidden, Unauthenticated
from chassis.http.authentication import claims_of
from contracts.identity.operations import permission_lacking
from contracts.identity.tokens import MemberClaims, StaffClaims, claims_adapter


async def _caller(request: Request) -> StaffClaims | MemberClaims:
    claims = await claims_of(request)
    if claims is None:
        raise Unauthenticated("token-missing", "An access token is needed here.")
    try:
        caller = claims_adapter.validate_python(claims)
    except ValidationError as error:
        raise Unauthenticated("token-invalid", "The access token does not say who you are.") from error
    if isinstance(caller, MemberClaims):
        act_as(f"member:{caller.member}")
        return caller
    act_as(f"staff:{caller.sub}")
    if lacking := permission_lacking(request.scope["route"].openapi_extra, caller, leads_to_own=False):
        raise Forbidden("permission-missing", "Your role does not allow this.", facts={"permission": lacking})
    return caller


async def _staff(request: Request) -> StaffClaims:
    caller = await _caller(request)
    if not isinstance(caller, StaffClaims):
        raise Forbidden("staff-only", "Only the merchant's staff may do this.")
    return caller


StaffDependency = Depends(_staff)
Staff = Annotated[StaffClaims, StaffDependency]
"""One of the merchant's people. 403 `staff-only` for others."""
StaffOrMember = Annotated[StaffClaims | MemberClaims, Depends(_caller)]
"""Whoever signed in; `pricing.buyers.queries.find_buyer` decides what a member may do."""

PUBLIC = {"x-access": "public"}
