"""A member: a contact in a company, with role and permissions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from chassis.errors import Conflict
from contracts.identity.events import MemberAdded, MemberChanged, MemberMoved, MemberRemoved
from contracts.identity.states import MemberState, Substitution
from contracts.identity.values import Permission
from identity.members.grants import Grant, WithGrant


class Member(WithGrant, Aggregate):
    """Stays when removed, since orders name it; a person who comes back is a new member."""

    __tablename__ = "members"
    __table_args__ = (
        Index("uq_members_active", "company_id", "contact_id", unique=True, postgresql_where=text("active")),
        Index("ix_members_contact_id", "contact_id"),
        Index("ix_members_substitute_id", "substitute_id", postgresql_where=text("substitute_id IS NOT NULL")),
    )

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"))
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"))
    active: Mapped[bool]
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    substitute_id: Mapped[UUID | None]
    """The member who decides on orders for him, in that time (ID-14)."""
    substitute_since: Mapped[datetime | None]
    substitute_until: Mapped[datetime | None]
    substitution_begun: Mapped[bool] = mapped_column(default=False)
    """Whether that its time has come was told."""

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
        self._require_active()
        if grant != self.grant:
            self.grant = grant
            self._tell_change()

    @property
    def attests(self) -> bool:
        """Whether it may decide on orders of its company."""
        return self.active and (self.administers or Permission.ATTEST_ORDERS in self.permissions)

    @property
    def substitution(self) -> Substitution | None:
        if self.substitute_id is None or self.substitute_since is None or self.substitute_until is None:
            return None
        return Substitution(substitute_id=self.substitute_id, since=self.substitute_since, until=self.substitute_until)

    def name_substitute(self, substitution: Substitution, *, at: datetime) -> None:
        """Says who decides on orders for him, and when; in place of who did. The same again does nothing.

        Raises:
            Conflict: it was removed.
        """
        self._require_active()
        if substitution != self.substitution:
            self.substitute_id, self.substitution_begun = substitution.substitute_id, substitution.is_on(at)
            self.substitute_since, self.substitute_until = substitution.since, substitution.until
            self._tell_change()

    def end_substitution(self) -> None:
        """Nobody decides for him any more. Does nothing where nobody does."""
        if self.substitute_id is not None:
            self._forget_substitute()
            self._tell_change()

    def _forget_substitute(self) -> None:
        self.substitute_id = self.substitute_since = self.substitute_until = None
        self.substitution_begun = False

    def note_time(self, at: datetime) -> None:
        """Tells that its substitution has begun, or is over."""
        substitution = self.substitution
        if substitution is None:
            return
        if substitution.until <= at:
            self.end_substitution()
        elif substitution.is_on(at) and not self.substitution_begun:
            self.substitution_begun = True
            self._tell_change()

    def _require_active(self) -> None:
        if not self.active:
            raise Conflict("member-removed", "This member was removed.")

    def _tell_change(self) -> None:
        self.record(
            MemberChanged(
                member_id=self.id,
                company_id=self.company_id,
                contact_id=self.contact_id,
                substitute_id=self.substitute_id,
                **vars(self.grant),
            )
        )

    def remove(self, *, at: datetime) -> None:
        """Takes its access. Removed already: nothing happens."""
        if self.active:
            self.active, self.removed_at = False, at
            self._forget_substitute()
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
            substitution=self.substitution,
            **vars(self.grant),
        )
