"""Who is calling. Every route has one of these dependencies, or is explicitly public.

Staff and members are told from their tokens here; what a member may do is decided from pricing's own projections, in
the statement that finds the buyer (`pricing.buyers.queries`).
"""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import ValidationError

from chassis.context import act_as
from chassis.errors import Forbidden, Unauthenticated
from chassis.http.authentication import claims_of
from contracts.identity.tokens import MemberClaims, StaffClaims, claims_adapter


async def _caller(request: Request) -> StaffClaims | MemberClaims:
    claims = await claims_of(request)
    if claims is None:
        raise Unauthenticated("token-missing", "An access token is needed here.")
    try:
        caller = claims_adapter.validate_python(claims)
    except ValidationError as error:
        raise Unauthenticated("token-invalid", "The access token does not say who you are.") from error
    act_as(f"staff:{caller.sub}" if isinstance(caller, StaffClaims) else f"member:{caller.member}")
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

STAFF_ONLY = {"x-access": "staff"}
STAFF_OR_MEMBER = {"x-access": "staff-or-member"}
PUBLIC = {"x-access": "public"}
