"""Who may call the HTTP API: the merchant's staff, with a token of identity's."""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import ValidationError

from chassis.context import act_as
from chassis.errors import Forbidden, Unauthenticated
from chassis.http.authentication import TokenVerifier, claims_of
from chassis.keys import KeyRing
from contracts.identity.operations import permission_lacking
from contracts.identity.tokens import AUDIENCE, ISSUER, StaffClaims, claims_adapter

verifier = TokenVerifier(signer="identity", issuer=ISSUER, audience=AUDIENCE, keys=KeyRing())


async def staff_claims(request: Request) -> StaffClaims:
    """
    Raises:
        Unauthenticated: no token, or none of ours.
        Forbidden: a member's, or of staff without the permission that the operation declares (ID-21). No mail is one
            company's, so who acts for his own companies alone sees none (ID-20).
    """
    claims = await claims_of(request)
    if claims is None:
        raise Unauthenticated("token-missing", "This needs an access token.")
    try:
        caller = claims_adapter.validate_python(claims)
    except ValidationError as error:
        raise Unauthenticated("token-invalid", "The access token is not one of ours.") from error
    if not isinstance(caller, StaffClaims):
        raise Forbidden("staff-only", "Only the merchant's staff may do this.")
    act_as(f"staff:{caller.sub}")
    if lacking := permission_lacking(request.scope["route"].openapi_extra, caller, leads_to_own=False):
        raise Forbidden("permission-missing", "Your role does not allow this.", facts={"permission": lacking})
    return caller


Staff = Annotated[StaffClaims, Depends(staff_claims)]
