"""Which applications a list has (ID-09)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, func, select

from contracts.identity.activities import ApplicationStatus
from identity.applications.models import Application
from identity.companies.models import SEARCHED, Company
from identity.searching import contains
from identity.sorting import Sorting

applications, companies = Application.__table__, Company.__table__

SORTING = Sorting(
    applications.c.id,
    {
        "submitted": applications.c.submitted_at,
        "since": applications.c.since,
        "number": applications.c.number,
        "name": func.lower(companies.c.legal_name),
    },
)


@dataclass(frozen=True)
class ApplicationFilter:
    """What is None does not filter.

    Attributes:
        search: its number, or a part of its company's name, customer number, VAT or registration number.
    """

    status: ApplicationStatus | None = None
    reviewer: UUID | Literal["nobody"] | None = None
    storefront: str | None = None
    search: str | None = None
    submitted_from: datetime | None = None
    submitted_before: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        column, found = applications.c, []
        if self.status:
            found.append(column.status == self.status)
        if self.reviewer:
            found.append(column.reviewer == (None if self.reviewer == "nobody" else self.reviewer))
        if self.storefront:
            found.append(column.storefront == self.storefront)
        if self.search:
            found.append(column.id.in_(_found(self.search)))
        if self.submitted_from:
            found.append(column.submitted_at >= self.submitted_from)
        if self.submitted_before:
            found.append(column.submitted_at < self.submitted_before)
        return found


def _found(search: str) -> CompoundSelect[tuple[UUID]]:
    """By an index each: the application's number is in another table than all else."""
    of_company = select(applications.c.id).join(companies, companies.c.id == applications.c.company_id)
    by_number = select(applications.c.id).where(applications.c.number == search.upper())
    return of_company.where(contains(search, *(companies.c[name] for name in SEARCHED))).union(by_number)
