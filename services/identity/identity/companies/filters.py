"""Which companies a list or an export has (ID-01)."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query
from sqlalchemy import ColumnElement, Select, func, select

from contracts.identity.values import CustomerStatus, VatCheck
from contracts.shared.values import Code, Moment
from identity.companies.models import Company
from identity.searching import Search, contains
from identity.sorting import Sorting

companies = Company.__table__

SORTING = Sorting(
    companies.c.id,
    {
        "name": func.lower(companies.c.legal_name),
        "number": companies.c.number,
        "created": companies.c.created_at,
        "changed": companies.c.changed_at,
    },
)
Exact = Annotated[str | None, Query(min_length=3, max_length=40, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True)
class CompanyFilter:
    """Of a request. What is None does not filter; `status=pending_approval` are those that wait for the merchant."""

    status: CustomerStatus | None = None
    group: Code | None = None
    storefront: Code | None = None
    sales_representative: Code | None = None
    search: Annotated[Search, Query(description="A part of name, customer number, VAT or registration number")] = None
    number: Code | None = None
    vat_number: Exact = None
    registration_number: Exact = None
    vat_check: VatCheck | None = None
    created_from: Moment | None = None
    created_before: Moment | None = None
    changed_from: Moment | None = None
    changed_before: Moment | None = None

    def query(self) -> Select[Any]:
        """Companies in no order."""
        return select(companies).where(*(one for one in self._conditions() if one is not None))

    def _conditions(self) -> list[ColumnElement[bool] | None]:
        column = companies.c
        return [
            _is(column.status, self.status),
            column.groups.contains([self.group]) if self.group else None,
            _is(column.storefront, self.storefront),
            _is(column.sales_representative, self.sales_representative),
            contains(self.search, column.legal_name, column.number, column.vat_number, column.registration_number)
            if self.search
            else None,
            _is(column.number, self.number),
            _is(column.vat_number, _compact(self.vat_number)),
            _is(column.registration_number, _compact(self.registration_number)),
            _is(column.vat_check, self.vat_check),
            column.created_at >= self.created_from if self.created_from else None,
            column.created_at < self.created_before if self.created_before else None,
            column.changed_at >= self.changed_from if self.changed_from else None,
            column.changed_at < self.changed_before if self.changed_before else None,
        ]


Companies = Annotated[CompanyFilter, Depends()]


def _is(column: ColumnElement[Any], value: Any) -> ColumnElement[bool] | None:
    return None if value is None else column == value


def _compact(number: str | None) -> str | None:
    """As numbers are stored."""
    return None if number is None else re.sub(r"[\s.\-]", "", number).upper()
