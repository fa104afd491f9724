"""Which other companies may be the same customer as an applicant, what says so, and how strongly (ID-09)."""

from collections import defaultdict
from enum import StrEnum
from math import prod
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Row, Select, func, literal, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.identity.values import CustomerStatus
from identity.companies.models import COMPARABLE_NAME, Company
from identity.contacts.email import FREE_MAIL, domain_of
from identity.contacts.models import Contact

MOST = 20
MOST_BY_ONE_REASON = 200
"""That are looked at: so many of one e-mail domain tell nothing more."""
SIMILAR = 0.5
"""From this share of common trigrams on a name counts; 1 is the same name, but for its case and legal form."""


class Matched(StrEnum):
    VAT_NUMBER = "vat_number"
    REGISTRATION_NUMBER = "registration_number"
    CUSTOMER_NUMBER = "customer_number"
    EMAIL_DOMAIN = "email_domain"
    NAME = "name"


WEIGHTS = {
    Matched.VAT_NUMBER: 0.9,
    Matched.REGISTRATION_NUMBER: 0.9,
    Matched.CUSTOMER_NUMBER: 0.8,
    Matched.EMAIL_DOMAIN: 0.5,
    Matched.NAME: 0.6,
}
"""How sure each alone makes; a name, by its similarity."""


class Duplicate(BaseModel):
    company_id: UUID
    number: str
    legal_name: str
    status: CustomerStatus
    matched: list[Matched] = Field(description="Why it is here")
    score: float = Field(ge=0, le=1, description="The likeliest come first")


companies, contacts = Company.__table__, Contact.__table__
comparable_name: ColumnElement[str] = literal_column(COMPARABLE_NAME)
CERTAIN: ColumnElement[float] = literal_column("1.0::real")


async def find_duplicates(
    connection: AsyncConnection,
    seen: ColumnElement[bool],
    company: Row[Any],
    emails: list[str],
    customer_number: str | None,
) -> list[Duplicate]:
    """The likeliest first.

    Args:
        seen: which companies exist for the reviewer; no others take a place among the likeliest (ID-20).
        company: the row of the applicant's.
        emails: of the applicant and his company.
        customer_number: one that the reviewer means to give, where he named it.
    """
    name = await connection.scalar(select(comparable_name).where(companies.c.id == company.id))
    domains = {domain_of(email) for email in emails if email} - FREE_MAIL
    reasons: dict[UUID, dict[Matched, float]] = defaultdict(dict)
    looks = [*_same_numbers(company, customer_number), *_same_domain(domains), _similar_name(name)]
    found_by = union_all(*(select(look.where(seen).subquery()) for look in looks))
    for row in (await connection.execute(found_by)).all():
        if row.id != company.id and row.strength >= SIMILAR:
            reasons[row.id][Matched(row.matched)] = row.strength
    likeliest = sorted(reasons, key=lambda found: (-score(reasons[found]), found))[:MOST]
    shown = select(companies.c.id, companies.c.number, companies.c.legal_name, companies.c.status)
    rows = {row.id: row for row in await connection.execute(shown.where(companies.c.id.in_(likeliest)))}
    return [
        Duplicate(
            company_id=found,
            number=rows[found].number,
            legal_name=rows[found].legal_name,
            status=rows[found].status,
            matched=[one for one in Matched if one in reasons[found]],
            score=round(score(reasons[found]), 3),
        )
        for found in likeliest
    ]


def score(reasons: dict[Matched, float]) -> float:
    """0 to 1: without the doubts that every reason leaves, as if each spoke for itself alone.

    Args:
        reasons: how strongly each holds, 0 to 1.
    """
    return 1 - prod(1 - WEIGHTS[reason] * strength for reason, strength in reasons.items())


def _same_numbers(company: Row[Any], customer_number: str | None) -> list[Select[Any]]:
    """What the applicant did not state matches nobody."""
    looks = []
    if company.vat_number:
        looks.append(_look(Matched.VAT_NUMBER).where(companies.c.vat_number == company.vat_number))
    if company.registration_number:
        same = companies.c.registration_number == company.registration_number
        looks.append(_look(Matched.REGISTRATION_NUMBER).where(same, companies.c.country == company.country))
    if customer_number:
        looks.append(_look(Matched.CUSTOMER_NUMBER).where(companies.c.number == customer_number))
    return looks


def _same_domain(domains: set[str]) -> list[Select[Any]]:
    """Companies that have, or whose people have, an address in one of these."""
    if not domains:
        return []
    own = _look(Matched.EMAIL_DOMAIN).where(func.split_part(companies.c.email, "@", 2).in_(domains))
    people = _look(Matched.EMAIL_DOMAIN).join(contacts, contacts.c.company_id == companies.c.id)
    people = people.where(func.split_part(contacts.c.email, "@", 2).in_(domains))
    return [look.limit(MOST_BY_ONE_REASON) for look in (own, people)]


def _similar_name(name: str | None) -> Select[Any]:
    """The nearest names; whoever asks leaves out those that are not near."""
    nearest = _look(Matched.NAME, func.similarity(comparable_name, name))
    return nearest.order_by(comparable_name.op("<->")(name)).limit(MOST + 1)


def _look(matched: Matched, strength: ColumnElement[float] = CERTAIN) -> Select[Any]:
    return select(companies.c.id, literal(matched.value).label("matched"), strength.label("strength"))
