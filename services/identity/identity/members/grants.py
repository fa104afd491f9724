"""What somebody has in a company: asked for by role and permissions, checked, and copied into its row (ID-15)."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Dialect, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from chassis.errors import Forbidden, Invalid, Problem
from contracts.identity.values import Permission
from contracts.shared.values import Code, Money
from identity.locations.commands import check_locations
from identity.money import MoneyType
from identity.roles.policies import hold_roles


@dataclass(frozen=True)
class Grant:
    """Whether it administers is the role's; a role that is changed later changes nobody who has it.

    Raises:
        Invalid: an administrator that does not manage members is none.
    """

    role: Code
    administers: bool
    permissions: frozenset[Permission]
    always_attested: bool = False
    """Its orders must always be attested (ID-17)."""
    limit_per_order: Money | None = None
    limit_per_month: Money | None = None
    locations: frozenset[UUID] | None = None
    """For which of the company's locations he acts; None: for all (ID-18)."""

    def __post_init__(self) -> None:
        if self.administers and Permission.MANAGE_MEMBERS not in self.permissions:
            problem = Problem("/permissions", "administrator-manages-members", "An administrator manages members.")
            raise Invalid("administrator-manages-members", problem.detail, problems=[problem])


@dataclass(frozen=True)
class Granter:
    """The member who manages members; None in its place is the merchant's staff, who may grant anything."""

    administers: bool
    permissions: frozenset[Permission]
    locations: frozenset[UUID] | None = None

    def check_locations(self, locations: frozenset[UUID] | None) -> None:
        """Who acts for some locations, administrator or not, gives no others.

        Raises:
            Forbidden: he would.
        """
        if self.locations is not None and (locations is None or locations - self.locations):
            raise Forbidden("location-not-yours", "You act for some of the company's locations only.")

    def check(self, permissions: Collection[Permission] = (), *, administers: bool) -> None:
        """Nobody but an administrator gives more than he has himself, or makes or changes an administrator.

        Raises:
            Forbidden: he would.
        """
        if self.administers:
            return
        if administers:
            raise Forbidden("administrators-only", "Only an administrator makes or changes an administrator.")
        if beyond := frozenset(permissions) - self.permissions:
            raise Forbidden(
                "permission-not-yours",
                "Nobody gives a permission that he does not have.",
                facts={"permissions": sorted(beyond)},
            )


@dataclass(frozen=True)
class MemberTerms:
    """What somebody is to be in a company, and who says so."""

    role: Code
    permissions: Collection[Permission] | None = None
    """None: the role's own."""
    always_attested: bool = False
    limit_per_order: Money | None = None
    limit_per_month: Money | None = None
    locations: frozenset[UUID] | None = None
    granter: Granter | None = None


async def granted(session: AsyncSession, company_id: UUID, terms: MemberTerms) -> Grant:
    """What these terms come to in this company.

    Raises:
        Invalid: `role-unknown`, `location-unknown`; an administrator that does not manage members.
        Forbidden: the granter gives more than he may.
    """
    role = (await hold_roles(session)).get(terms.role)
    if role is None:
        problem = Problem("/role", "role-unknown", "There is no such role.")
        raise Invalid("role-unknown", problem.detail, problems=[problem])
    grant = Grant(
        role=terms.role,
        administers=role.administers,
        permissions=role.permissions if terms.permissions is None else frozenset(terms.permissions),
        always_attested=terms.always_attested,
        limit_per_order=terms.limit_per_order,
        limit_per_month=terms.limit_per_month,
        locations=terms.locations,
    )
    if terms.granter:
        terms.granter.check(grant.permissions, administers=grant.administers)
        terms.granter.check_locations(grant.locations)
    await check_locations(session, company_id, grant.locations)
    return grant


class PermissionsType(TypeDecorator[frozenset[Permission]]):
    """A set of permissions, in one column."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: frozenset[Permission] | None, dialect: Dialect) -> Any:
        return None if value is None else sorted(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> frozenset[Permission] | None:
        return None if value is None else frozenset(map(Permission, value))


class LocationsType(TypeDecorator[frozenset[UUID]]):
    """A set of locations, in one column."""

    impl = ARRAY(Uuid)
    cache_ok = True

    def process_bind_param(self, value: frozenset[UUID] | None, dialect: Dialect) -> Any:
        return None if value is None else sorted(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> frozenset[UUID] | None:
        return None if value is None else frozenset(value)


class WithGrant:
    """The columns of a grant, of a member and of an invitation."""

    role: Mapped[str] = mapped_column(Text)
    administers: Mapped[bool]
    permissions: Mapped[frozenset[Permission]] = mapped_column(PermissionsType)
    always_attested: Mapped[bool]
    limit_per_order: Mapped[Money | None] = mapped_column(MoneyType)
    limit_per_month: Mapped[Money | None] = mapped_column(MoneyType)
    locations: Mapped[frozenset[UUID] | None] = mapped_column(LocationsType)

    @property
    def grant(self) -> Grant:
        return Grant(**{field.name: getattr(self, field.name) for field in fields(Grant)})

    @grant.setter
    def grant(self, grant: Grant) -> None:
        for name, value in vars(grant).items():
            setattr(self, name, value)
