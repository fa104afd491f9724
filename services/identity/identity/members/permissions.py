"""What each role may do until its permissions are set one by one (ID-15), and who may grant what."""

from collections.abc import Collection

from chassis.errors import Forbidden, Invalid, Problem
from contracts.identity.values import Permission, Role

P = Permission

DEFAULT_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.EMPLOYEE: frozenset(Permission) - {P.MANAGE_MEMBERS, P.ATTEST_ORDERS},
    Role.USER: frozenset({P.BUY, P.SEE_PRICES, P.SEE_OWN_ORDERS, P.SEE_REQUISITION_LISTS}),
}


def permissions_of(role: Role, chosen: Collection[Permission] | None) -> frozenset[Permission]:
    """The chosen permissions, or the role's own where none were chosen.

    Raises:
        Invalid: an administrator that does not manage members is none.
    """
    permissions = DEFAULT_PERMISSIONS[role] if chosen is None else frozenset(chosen)
    if role is Role.ADMINISTRATOR and Permission.MANAGE_MEMBERS not in permissions:
        problem = Problem("/permissions", "administrator-manages-members", "An administrator manages members.")
        raise Invalid("administrator-manages-members", problem.detail, problems=[problem])
    return permissions


def check_may_grant(
    granter: Role, own: frozenset[Permission], *, role: Role, permissions: frozenset[Permission]
) -> None:
    """Nobody but an administrator gives more than he has himself, or makes or changes an administrator.

    Raises:
        Forbidden: he would.
    """
    if granter is Role.ADMINISTRATOR:
        return
    if role is Role.ADMINISTRATOR:
        raise Forbidden("administrators-only", "Only an administrator makes or changes an administrator.")
    if beyond := permissions - own:
        raise Forbidden(
            "permission-not-yours",
            "Nobody gives a permission that he does not have.",
            facts={"permissions": sorted(beyond)},
        )
