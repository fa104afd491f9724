"""The roles of the merchant's own people, one policy of all (ID-21)."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict
from chassis.policies import Policy, policy
from contracts.identity.values import StaffPermission
from contracts.shared.values import Code, Language
from identity.roles.policies import RoleName, named
from identity.staff.models import ADMINISTRATOR, StaffMember, lock_staff

REPRESENTATIVE: Code = "representative"


class StaffRole(BaseModel):
    """What one of the staff is called, and what he may do until his permissions are named one by one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: Annotated[dict[Language, RoleName], Field(min_length=1, examples=[{"en": "Customer service"}])]
    permissions: frozenset[StaffPermission]


DELIVERED: dict[Code, StaffRole] = {
    ADMINISTRATOR: StaffRole(
        names=named("Beheerder", "Administrateur", "Administratör", "Administrator", "Administrator"),
        permissions=frozenset(StaffPermission),
    ),
    REPRESENTATIVE: StaffRole(
        names=named("Vertegenwoordiger", "Représentant", "Säljare", "Sales representative", "Vertreter"),
        permissions=frozenset(
            {
                StaffPermission.SEE_CUSTOMERS,
                StaffPermission.MANAGE_MEMBERS,
                StaffPermission.SEE_PRICES,
                StaffPermission.SEE_ORDERS,
                StaffPermission.ORDER_FOR_CUSTOMERS,
            }
        ),
    ),
}


class StaffRolesPolicy(Policy):
    """All roles of staff by code; everywhere the same.

    What a role gives is copied when it is given, as a member's is; but an administrator may everything, always.
    """

    roles: dict[Code, StaffRole] = Field(default=DELIVERED)

    @field_validator("roles")
    @classmethod
    def _administrator_stays(cls, roles: dict[Code, StaffRole]) -> dict[Code, StaffRole]:
        if ADMINISTRATOR not in roles:
            raise ValueError(f"this role always exists: {ADMINISTRATOR}")
        all_of_them = roles[ADMINISTRATOR].model_copy(update={"permissions": frozenset(StaffPermission)})
        return {**roles, ADMINISTRATOR: all_of_them}


async def staff_roles(session: AsyncSession) -> Mapping[Code, StaffRole]:
    return (await policy(session, StaffRolesPolicy)).roles


async def check_staff_roles_in_use(session: AsyncSession, changed: StaffRolesPolicy) -> None:
    """A role that one of the staff has stays.

    Raises:
        Conflict: `role-in-use`, with the codes.
    """
    await lock_staff(session)
    held = await session.scalars(select(StaffMember.role).where(StaffMember.active).distinct())
    if lost := sorted(set(held) - changed.roles.keys()):
        raise Conflict("role-in-use", "Some of the staff have this role: it stays.", facts={"roles": lost})
