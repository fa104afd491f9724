"""HTTP: who the merchant is, for everybody who deals with it."""

from chassis.http.routing import Reading, Router
from chassis.policies import policy
from contracts.identity.operations import SIGNED_IN_ONLY
from identity.access import StaffOrMember
from identity.organisation.policies import OrganisationPolicy

router = Router(prefix="/v1", tags=["organisation"])


@router.get("/organisation", summary="The merchant's own data", openapi_extra=SIGNED_IN_ONLY)
async def get_organisation(_caller: StaffOrMember, connection: Reading) -> OrganisationPolicy:
    """As printed on its invoices. Staff change them: `PUT /v1/policies/organisation`."""
    return await policy(connection, OrganisationPolicy)
