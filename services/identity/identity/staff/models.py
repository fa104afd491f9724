"""The merchant's own people. They open no storefront; they run the back office."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from contracts.identity.events import StaffAdded, StaffSecondFactorEnabled, StaffSecondFactorRemoved


class StaffMember(Aggregate):
    """Signs in with a password of its own, apart from any contact of the same address."""

    __tablename__ = "staff"

    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text, unique=True)
    """As `identity.contacts.email.normalised` writes it."""
    active: Mapped[bool]
    added_at: Mapped[datetime]
    added_by: Mapped[UUID | None]
    """None: by the operator who installed the system."""

    def add(self) -> None:
        """Said once, of a new one."""
        self.record(StaffAdded(staff_id=self.id))

    def enable_second_factor(self) -> None:
        """From now on he signs in with a code, too."""
        self.record(StaffSecondFactorEnabled(staff_id=self.id))

    def remove_second_factor(self) -> None:
        """From now on his password is enough, where the merchant's policy lets it be."""
        self.record(StaffSecondFactorRemoved(staff_id=self.id))
