"""A member: a contact in a company, with role and permissions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from chassis.errors import Conflict
from contracts.identity.events import MemberAdded, MemberChanged, MemberMoved, MemberRemoved
from contracts.identity.states import MemberState
from identity.members.grants import Grant, WithGrant


class Member(WithGrant, Aggregate):
    """Stays when removed, since orders name it; a person who comes back is a new member."""

    __tablename__ = "members"
    __table_args__ = (
        Index("uq_members_active", "company_id", "contact_id", unique=True, postgresql_where=text("active")),
        Index("ix_members_contact_id", "contact_id"),
    )

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"))
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"))
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
                administers=self.administers,
                permissions=self.permissions,
            )
        )

    def edit(self, grant: Grant) -> None:
        """Gives it this instead of what it has. Whether an administrator remains is the company's rule, see `commands`.

        Raises:
            Conflict: it was removed.
        """
        if not self.active:
            raise Conflict("member-removed", "This member was removed.")
        if grant == self.grant:
            return
        self.grant = grant
        self.record(
            MemberChanged(member_id=self.id, company_id=self.company_id, contact_id=self.contact_id, **vars(grant))
        )

    def remove(self, *, at: datetime) -> None:
        """Takes its access. Removed already: nothing happens."""
        if self.active:
            self.active, self.removed_at = False, at
            self.record(MemberRemoved(member_id=self.id, company_id=self.company_id, contact_id=self.contact_id))

    def move(self, company_id: UUID) -> None:
        """Its company was merged into this one: it is the same member there (ID-26)."""
        former, self.company_id = self.company_id, company_id
        self.record(
            MemberMoved(member_id=self.id, company_id=company_id, contact_id=self.contact_id, former_company_id=former)
        )

    def state(self) -> MemberState:
        return MemberState(
            member_id=self.id,
            company_id=self.company_id,
            contact_id=self.contact_id,
            active=self.active,
            **vars(self.grant),
        )
