"""A member: a contact in a company, with role and permissions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Dialect, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from chassis.aggregate import Aggregate
from chassis.errors import Conflict
from contracts.identity.events import MemberAdded, MemberChanged, MemberRemoved
from contracts.identity.states import MemberState
from contracts.identity.values import Permission, Role
from contracts.shared.values import Money


class MoneyType(TypeDecorator[Money]):
    """An amount in its currency, in one column."""

    impl = JSONB(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Money | None, dialect: Dialect) -> Any:
        return None if value is None else value.model_dump(mode="json")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Money | None:
        return None if value is None else Money.model_validate(value)


class PermissionsType(TypeDecorator[frozenset[Permission]]):
    """A set of permissions, in one column."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: frozenset[Permission] | None, dialect: Dialect) -> Any:
        return None if value is None else sorted(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> frozenset[Permission] | None:
        return None if value is None else frozenset(map(Permission, value))


class Member(Aggregate):
    """Stays when removed, since orders name it; a person who comes back is a new member."""

    __tablename__ = "members"
    __table_args__ = (
        Index("uq_members_active", "company_id", "contact_id", unique=True, postgresql_where=text("active")),
        Index("ix_members_contact_id", "contact_id"),
    )

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"))
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"))
    role: Mapped[Role]
    permissions: Mapped[frozenset[Permission]] = mapped_column(PermissionsType)
    always_attested: Mapped[bool]
    """Its orders must always be attested (ID-17)."""
    limit_per_order: Mapped[Money | None] = mapped_column(MoneyType)
    limit_per_month: Mapped[Money | None] = mapped_column(MoneyType)
    active: Mapped[bool]
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    def add(self) -> None:
        """Said once, of a new member."""
        self.record(
            MemberAdded(
                member_id=self.id,
                company_id=self.company_id,
                contact_id=self.contact_id,
                role=self.role,
                permissions=self.permissions,
            )
        )

    def edit(
        self,
        *,
        role: Role,
        permissions: frozenset[Permission],
        always_attested: bool,
        limit_per_order: Money | None,
        limit_per_month: Money | None,
    ) -> None:
        """Gives it these conditions. Whether an administrator remains is the company's rule, see `commands`.

        Raises:
            Conflict: it was removed.
        """
        if not self.active:
            raise Conflict("member-removed", "This member was removed.")
        before = (self.role, self.permissions, self.always_attested, self.limit_per_order, self.limit_per_month)
        if before == (role, permissions, always_attested, limit_per_order, limit_per_month):
            return
        self.role, self.permissions, self.always_attested = role, permissions, always_attested
        self.limit_per_order, self.limit_per_month = limit_per_order, limit_per_month
        self.record(
            MemberChanged(
                member_id=self.id,
                company_id=self.company_id,
                contact_id=self.contact_id,
                role=role,
                permissions=permissions,
                always_attested=always_attested,
                limit_per_order=limit_per_order,
                limit_per_month=limit_per_month,
            )
        )

    def remove(self, *, at: datetime) -> None:
        """Takes its access. Removed already: nothing happens."""
        if self.active:
            self.active, self.removed_at = False, at
            self.record(MemberRemoved(member_id=self.id, company_id=self.company_id, contact_id=self.contact_id))

    def state(self) -> MemberState:
        return MemberState(
            member_id=self.id,
            company_id=self.company_id,
            contact_id=self.contact_id,
            active=self.active,
            role=self.role,
            permissions=self.permissions,
            always_attested=self.always_attested,
            limit_per_order=self.limit_per_order,
            limit_per_month=self.limit_per_month,
        )
