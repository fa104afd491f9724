"""How an operation of a service says, in its OpenAPI description, what staff need for it (ID-21).

What is shown there is what is asked: each service refuses by the declaration of the operation that was called.
"""

from collections.abc import Mapping
from typing import Any

from contracts.identity.tokens import StaffClaims
from contracts.identity.values import StaffPermission

SIGNED_IN = "signed-in"
"""In place of a permission: one's own account, and what everybody who signed in may know."""


def staff_may(permission: StaffPermission, *, for_own: bool = False) -> dict[str, Any]:
    """Of an operation for staff who have the permission.

    Args:
        for_own: a sales representative without `see_all_companies` calls it too, since it finds and changes nothing but
            what is of his companies. One whose path leads to a company is for its representative in any case.
    """
    declared = {"x-access": "staff", "x-permission": permission.value}
    return {**declared, "x-for-own-companies": True} if for_own else declared


def staff_or_member(permission: StaffPermission, *, for_own: bool = False) -> dict[str, Any]:
    """Of an operation for members, too; what they need is theirs."""
    return {**staff_may(permission, for_own=for_own), "x-access": "staff-or-member"}


SIGNED_IN_ONLY: dict[str, Any] = {"x-access": "staff-or-member", "x-permission": SIGNED_IN, "x-for-own-companies": True}


def permission_lacking(declared: Mapping[str, Any] | None, caller: StaffClaims, *, leads_to_own: bool) -> str | None:
    """What the caller lacks for the operation; None: he may. Where nothing is declared, nobody may.

    Args:
        leads_to_own: the path named one of his companies, or what belongs to one.
    """
    needed = (declared or {}).get("x-permission", "undeclared")
    if needed != SIGNED_IN and needed not in caller.permissions:
        return str(needed)
    if caller.sees_all_companies or leads_to_own or (declared or {}).get("x-for-own-companies"):
        return None
    return StaffPermission.SEE_ALL_COMPANIES.value
