"""The merchant's own people. They open no storefront; they run the back office."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Text, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from contracts.identity.staff_events import (
    StaffAdded,
    StaffChanged,
    StaffDeactivated,
    StaffErased,
    StaffPasswordChanged,
    StaffPasswordLinkIssued,
    StaffReactivated,
    StaffSecondFactorEnabled,
    StaffSecondFactorRemoved,
)
from contracts.identity.states import ContactKind, ContactState
from contracts.identity.values import StaffPermission
from contracts.shared.values import Code, Language
from identity.contacts.models import ERASED

ADMINISTRATOR: Code = "administrator"
"""The role that always exists and may everything."""

_ALONE = text("LOCK TABLE staff IN SHARE ROW EXCLUSIVE MODE")


async def lock_staff(session: AsyncSession) -> None:
    """Whoever changes who the staff are, or what they may, comes one after the other; nobody waits who only reads."""
    await session.execute(_ALONE)


class StaffKind(StrEnum):
    TEAM = "team"
    EXTERNAL = "external"
    """Of a partner or an agency, until a day."""


def permissions_of(role: str, given: Collection[str]) -> frozenset[str]:
    """An administrator may everything, also what a later release adds."""
    return frozenset(StaffPermission) if role == ADMINISTRATOR else frozenset(given)


@dataclass(frozen=True)
class StaffGrant:
    """What one of the staff is, and may do."""

    role: Code
    permissions: frozenset[str]
    representative: Code | None = None
    """His code as the sales representative of companies (ID-20)."""
    organisation: str | None = None
    """Of an external: whose he is."""
    until: datetime | None = None
    """Of an external: from then on he neither signs in nor uses a token."""

    @property
    def manages_staff_for_good(self) -> bool:
        """An external's time runs out, so he is never the one who remains."""
        return StaffPermission.MANAGE_STAFF in self.permissions and self.until is None


class StaffMember(Aggregate):
    """Signs in with a password of its own, apart from any contact of the same address."""

    __tablename__ = "staff"
    __table_args__ = (CheckConstraint("(organisation IS NULL) = (until IS NULL)", name="external_until"),)

    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text, unique=True)
    """As `identity.contacts.email.normalised` writes it."""
    active: Mapped[bool]
    role: Mapped[str] = mapped_column(Text)
    permissions: Mapped[list[str]]
    """As given with the role, or one by one."""
    representative: Mapped[str | None] = mapped_column(Text)
    organisation: Mapped[str | None] = mapped_column(Text)
    until: Mapped[datetime | None]
    language: Mapped[Language]
    added_at: Mapped[datetime]
    added_by: Mapped[UUID | None]
    """None: by the operator who installed the system."""
    link_issue: Mapped[int] = mapped_column(default=0)
    """Number of the last link to choose a password; links of earlier ones are dead."""
    link_issued_at: Mapped[datetime | None]
    link_expires_at: Mapped[datetime | None]
    """None: the last one is spent, or there was none."""
    erased_at: Mapped[datetime | None]

    @property
    def grant(self) -> StaffGrant:
        may = permissions_of(self.role, self.permissions)
        return StaffGrant(self.role, may, self.representative, self.organisation, self.until)

    @grant.setter
    def grant(self, grant: StaffGrant) -> None:
        self.assign({**vars(grant), "permissions": sorted(grant.permissions)})

    def add(self) -> None:
        """Said once, of a new one."""
        self.record(StaffAdded(staff_id=self.id, **self._facts()))

    def change(self, grant: StaffGrant) -> None:
        """Gives him this instead of what he has. Whether one remains who manages staff is a rule of all, see `commands`."""
        if grant != self.grant:
            self.grant = grant
            self.record(StaffChanged(staff_id=self.id, **self._facts()))

    def deactivate(self) -> bool:
        """From now on he can not sign in. False: he could not before."""
        if not self.active:
            return False
        self.active = False
        self.record(StaffDeactivated(staff_id=self.id))
        return True

    def reactivate(self) -> None:
        """With what he had."""
        if not self.active:
            self.active = True
            self.record(StaffReactivated(staff_id=self.id, **self._facts()))

    def erase(self, at: datetime) -> None:
        """Leaves nothing that tells who he was; the row stays, since histories name it (ID-27)."""
        self.name, self.email = ERASED, f"{self.id}@{ERASED}.invalid"
        self.representative = self.link_issued_at = self.link_expires_at = None
        if self.organisation is not None:
            self.organisation = ERASED
        self.erased_at = at
        self.record(StaffErased(staff_id=self.id, erased_at=at))

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None

    def issue_link(self, at: datetime, life: timedelta) -> None:
        """He is mailed a link to choose his password; earlier ones are dead."""
        self.link_issue, self.link_issued_at, self.link_expires_at = self.link_issue + 1, at, at + life
        self.record(StaffPasswordLinkIssued(staff_id=self.id, issue=self.link_issue, until=self.until))

    def spend_link(self, issue: int, at: datetime) -> bool:
        """Good once, until it expires. False: it is not, or he may not sign in."""
        alive = self.link_expires_at is not None and issue == self.link_issue and at < self.link_expires_at
        if not (alive and self.may_sign_in(at)):
            return False
        self.link_expires_at = None
        return True

    def may_sign_in(self, at: datetime) -> bool:
        return self.active and (self.until is None or at < self.until)

    def change_password(self) -> None:
        """Another one than before; a first one is none."""
        self.record(StaffPasswordChanged(staff_id=self.id))

    def enable_second_factor(self) -> None:
        """From now on he signs in with a code, too."""
        self.record(StaffSecondFactorEnabled(staff_id=self.id))

    def remove_second_factor(self) -> None:
        """From now on his password is enough, where the merchant's policy lets it be."""
        self.record(StaffSecondFactorRemoved(staff_id=self.id))

    def state(self) -> ContactState:
        """How he is reached: notifications writes to him as to a contact of his id."""
        return ContactState(
            contact_id=self.id, kind=ContactKind.GUEST, name=self.name, email=self.email, language=self.language
        )

    def _facts(self) -> dict[str, object]:
        grant = self.grant
        return {
            "role": grant.role,
            "permissions": grant.permissions,
            "representative": grant.representative,
            "until": grant.until,
        }
