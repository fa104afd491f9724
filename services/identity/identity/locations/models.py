"""A location: one establishment of a company."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from chassis.errors import Conflict
from contracts.identity.events import LocationChanged, LocationClosed, LocationOpened
from contracts.identity.states import LocationState


class Location(Aggregate):
    """Stays when it is closed, since orders name it."""

    __tablename__ = "locations"
    __table_args__ = (UniqueConstraint("company_id", "code"),)

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"))
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    def open(self) -> None:
        """Said once, of a new one."""
        self.record(LocationOpened(**self._refs()))

    def change(self, values: dict[str, Any]) -> None:
        """
        Raises:
            Conflict: it is closed.
        """
        if self.closed_at is not None:
            raise Conflict("location-closed", "This location is closed.")
        changed = self.assign(values)
        if changed:
            self.record(LocationChanged(**self._refs(), fields=changed))

    def move(self, company_id: UUID, code: str) -> None:
        """Its company was merged into this one, which has no other location of this code (ID-26)."""
        changed = self.assign({"company_id": company_id, "code": code})
        self.record(LocationChanged(**self._refs(), fields=changed))

    def close(self, at: datetime) -> None:
        """For good. Closed already: nothing happens."""
        if self.closed_at is None:
            self.closed_at = at
            self.record(LocationClosed(**self._refs()))

    def _refs(self) -> dict[str, Any]:
        return {"location_id": self.id, "company_id": self.company_id, "code": self.code}

    def state(self) -> LocationState:
        return LocationState(**self._refs(), active=self.closed_at is None)
