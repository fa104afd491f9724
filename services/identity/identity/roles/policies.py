"""The roles of the merchant's installation, one policy of all."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.policies import EVERYWHERE, Policy, policy
from contracts.identity.values import Permission
from contracts.shared.values import Code, Language

_LOCK = 7_301_955_311
"""Advisory: shared by who gives a role, exclusive to who changes the roles. So none is given while it is taken away."""

RoleName = Annotated[str, Field(min_length=1, max_length=80)]


class BuiltIn(StrEnum):
    """Roles that always exist. Their names and permissions are the merchant's, as those of its own roles are."""

    ADMINISTRATOR = "administrator"
    EMPLOYEE = "employee"
    USER = "user"


class Role(BaseModel):
    """What a member is called, and what it may do until its permissions are named one by one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: Annotated[dict[Language, RoleName], Field(min_length=1, examples=[{"en": "Purchasing lead"}])]
    permissions: frozenset[Permission]
    administers: bool = False
    """Its members are administrators of their company."""

    @model_validator(mode="after")
    def _administrators_manage_members(self) -> Self:
        if self.administers and Permission.MANAGE_MEMBERS not in self.permissions:
            raise ValueError("a role that administers has the permission manage_members")
        return self

    def name(self, language: Language) -> str:
        """In that language, else in English, else in the first that there is."""
        return self.names.get(language) or self.names.get(Language.ENGLISH) or self.names[min(self.names)]


def named(dutch: str, french: str, swedish: str, english: str, german: str) -> dict[Language, str]:
    """A name in every language."""
    return dict(zip(Language, (dutch, french, swedish, english, german), strict=True))


BUILT_IN: dict[Code, Role] = {
    BuiltIn.ADMINISTRATOR.value: Role(
        names=named("Beheerder", "Administrateur", "Administratör", "Administrator", "Administrator"),
        permissions=frozenset(Permission),
        administers=True,
    ),
    BuiltIn.EMPLOYEE.value: Role(
        names=named("Medewerker", "Employé", "Medarbetare", "Employee", "Mitarbeiter"),
        permissions=frozenset(Permission) - {Permission.MANAGE_MEMBERS, Permission.ATTEST_ORDERS},
    ),
    BuiltIn.USER.value: Role(
        names=named("Gebruiker", "Utilisateur", "Användare", "User", "Benutzer"),
        permissions=frozenset(
            {Permission.BUY, Permission.SEE_PRICES, Permission.SEE_OWN_ORDERS, Permission.SEE_REQUISITION_LISTS}
        ),
    ),
}


class RolesPolicy(Policy):
    """All roles by code; everywhere the same.

    What a role gives is copied when it is given: another default set changes nobody who has the role.
    """

    roles: dict[Code, Role] = Field(default=BUILT_IN)

    @field_validator("roles")
    @classmethod
    def _built_in_stay(cls, roles: dict[Code, Role]) -> dict[Code, Role]:
        if missing := [code for code in BUILT_IN if code not in roles]:
            raise ValueError(f"these roles always exist: {', '.join(missing)}")
        if not roles[BuiltIn.ADMINISTRATOR].administers:
            raise ValueError("the role administrator administers")
        return roles


async def roles_in_force(connection: AsyncConnection | AsyncSession) -> Mapping[Code, Role]:
    return (await policy(connection, RolesPolicy, EVERYWHERE)).roles


async def hold_roles(session: AsyncSession) -> Mapping[Code, Role]:
    """The roles, which stay as they are until this transaction has given one."""
    await session.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})
    return await roles_in_force(session)


async def lock_roles(session: AsyncSession) -> None:
    """Waits for everybody who is giving a role; nobody gives one until this transaction ends."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
