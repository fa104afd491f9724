"""A project: what a company, or one of its people, orders for a while."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from chassis.errors import Conflict, Invalid, Problem
from contracts.identity.events import ProjectChanged, ProjectClosed, ProjectOpened
from contracts.identity.states import ProjectState


class Project(Aggregate):
    """Stays when it is closed, since orders name it."""

    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("company_id", "code"),)

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id"))
    """Whose it is in the company; None: everybody's there."""
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    """The last day."""
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    def open(self) -> None:
        """Said once, of a new one.

        Raises:
            Invalid: it ends before it begins.
        """
        self._check_days()
        self.record(ProjectOpened(**self._refs()))

    def change(self, values: dict[str, Any]) -> None:
        """
        Raises:
            Conflict: it is closed.
            Invalid: it would end before it begins.
        """
        if self.closed_at is not None:
            raise Conflict("project-closed", "This project is closed.")
        changed = self.assign(values)
        self._check_days()
        if changed:
            self.record(ProjectChanged(**self._refs(), fields=changed))

    def move(self, company_id: UUID, code: str) -> None:
        """Its company was merged into this one, which has no other project of this code (ID-26)."""
        changed = self.assign({"company_id": company_id, "code": code})
        self.record(ProjectChanged(**self._refs(), fields=changed))

    def close(self, at: datetime) -> None:
        """For good. Closed already: nothing happens."""
        if self.closed_at is None:
            self.closed_at = at
            self.record(ProjectClosed(**self._refs()))

    def _check_days(self) -> None:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            problem = Problem("/valid_until", "project-ends-early", "It ends before it begins.")
            raise Invalid("project-ends-early", problem.detail, problems=[problem])

    def _refs(self) -> dict[str, Any]:
        return {"project_id": self.id, "company_id": self.company_id, "code": self.code}

    def state(self) -> ProjectState:
        return ProjectState(
            **self._refs(),
            contact_id=self.contact_id,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            active=self.closed_at is None,
        )
