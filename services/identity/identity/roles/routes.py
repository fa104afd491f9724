"""HTTP: the roles, for who gives them."""

from chassis.http.routing import Reading, Router
from contracts.identity.operations import SIGNED_IN_ONLY
from identity.access import StaffOrMember
from identity.roles.policies import RolesPolicy, roles_in_force

router = Router(prefix="/v1", tags=["members"])


@router.get("/roles", summary="Roles that members can have", openapi_extra=SIGNED_IN_ONLY)
async def get_roles(_caller: StaffOrMember, connection: Reading) -> RolesPolicy:
    """By code. Staff change them: `PUT /v1/policies/roles`."""
    return RolesPolicy(roles=dict(await roles_in_force(connection)))
