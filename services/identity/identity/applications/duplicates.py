"""Which other companies may be the same customer as an applicant, and what says so (ID-09)."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.identity.values import CustomerStatus
from identity.companies.models import Company
from identity.contacts.email import FREE_MAIL, domain_of
from identity.contacts.models import Contact

MOST = 20


class Matched(StrEnum):
    VAT_NUMBER = "vat_number"
    REGISTRATION_NUMBER = "registration_number"
    CUSTOMER_NUMBER = "customer_number"
    EMAIL_DOMAIN = "email_domain"


class Duplicate(BaseModel):
    company_id: UUID
    number: str
    legal_name: str
    status: CustomerStatus
    matched: list[Matched]


companies, contacts = Company.__table__, Contact.__table__


async def find_duplicates(
    connection: AsyncConnection,
    seen: ColumnElement[bool],
    company: Row[Any],
    emails: list[str],
    customer_number: str | None,
) -> list[Duplicate]:
    """
    Args:
        seen: which companies exist for the reviewer.
        company: the row of the applicant's.
        emails: of the applicant and his company.
        customer_number: one that the reviewer means to give, where he named it.
    """
    tests = _tests(company, {domain_of(email) for email in emails if email} - FREE_MAIL, customer_number)
    if not tests:
        return []
    found = await connection.execute(
        select(companies.c.id, companies.c.number, companies.c.legal_name, companies.c.status)
        .add_columns(*(test.label(matched.value) for matched, test in tests.items()))
        .where(seen, companies.c.id != company.id, or_(*tests.values()))
        .order_by(companies.c.id)
        .limit(MOST)
    )
    return [
        Duplicate(
            company_id=row.id,
            number=row.number,
            legal_name=row.legal_name,
            status=row.status,
            matched=[matched for matched in tests if getattr(row, matched.value)],
        )
        for row in found.all()
    ]


def _tests(company: Row[Any], domains: set[str], customer_number: str | None) -> dict[Matched, ColumnElement[bool]]:
    """What can be compared; what the applicant did not state matches nobody."""
    tests: dict[Matched, ColumnElement[bool]] = {}
    if company.vat_number:
        tests[Matched.VAT_NUMBER] = companies.c.vat_number == company.vat_number
    if company.registration_number:
        same_country = companies.c.country == company.country
        tests[Matched.REGISTRATION_NUMBER] = (
            companies.c.registration_number == company.registration_number
        ) & same_country
    if customer_number:
        tests[Matched.CUSTOMER_NUMBER] = companies.c.number == customer_number
    if domains:
        people = select(contacts.c.company_id).where(
            contacts.c.company_id.is_not(None), func.split_part(contacts.c.email, "@", 2).in_(domains)
        )
        own = func.split_part(companies.c.email, "@", 2).in_(domains)
        tests[Matched.EMAIL_DOMAIN] = func.coalesce(own, False) | companies.c.id.in_(people)
    return tests
