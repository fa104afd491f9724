"""What is exported, in pages by id: no transaction stays open while somebody takes a file in slowly.

`seen` says which companies exist for the caller.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, func, select, text

from chassis.database import Database
from identity.companies.filters import CompanyFilter
from identity.companies.models import Company
from identity.contacts.models import Contact
from identity.imports.company_rows import CompanyRows, company_cells
from identity.imports.contact_rows import ContactRows, contact_cells
from identity.imports.member_rows import MemberRows, member_cells
from identity.locations.models import Location
from identity.members.models import Member

_AT_A_TIME = 500
_SYSTEMS = text("SELECT DISTINCT jsonb_object_keys(external_keys) AS system FROM companies ORDER BY system")


@dataclass(frozen=True)
class Export:
    """
    Attributes:
        query: its rows, of which `id` is the place; in any order.
        cells: of one row of the query.
    """

    header: Sequence[str]
    query: Select[Any]
    id: Any
    cells: Callable[[Any], list[str]]

    async def rows(self, database: Database) -> AsyncIterator[list[list[str]]]:
        """In pages, oldest first, the header before them."""
        yield [list(self.header)]
        query, after = self.query.order_by(self.id).limit(_AT_A_TIME), UUID(int=0)
        while True:
            async with database.reading() as connection:
                page = (await connection.execute(query.where(self.id > after))).all()
            if page:
                yield [self.cells(row) for row in page]
            if len(page) < _AT_A_TIME:
                return
            after = page[-1].id


async def companies(database: Database, seen: ColumnElement[bool], wanted: CompanyFilter) -> Export:
    """With a column for every external key that a company has. Merged ones are left out: read back, their rows would be
    taken for those of the companies that they are now."""
    async with database.reading() as connection:
        systems = list(await connection.scalars(_SYSTEMS))
    return Export(
        header=[*CompanyRows.columns.known, *(f"key_{system}" for system in systems)],
        query=wanted.query().where(seen, Company.merged_into.is_(None)),
        id=Company.id,
        cells=lambda company: company_cells(company, systems),
    )


def contacts(seen: ColumnElement[bool], *, company_id: UUID | None, group: str | None) -> Export:
    query = select(Contact.__table__, Company.number.label("company_number"))
    query = query.outerjoin(Company, Company.id == Contact.company_id).where(seen)
    if company_id:
        query = query.where(Contact.company_id == company_id)
    if group:
        query = query.where(Contact.groups.contains([group]))
    return Export(
        header=ContactRows.header,
        query=query,
        id=Contact.id,
        cells=lambda contact: contact_cells(contact, contact.company_number),
    )


def members(seen: ColumnElement[bool], *, company_id: UUID | None) -> Export:
    """Those who are members now."""
    codes = select(func.array_agg(Location.code)).where(Location.id == any_(Member.locations)).scalar_subquery()
    query = select(
        Member.__table__, Contact.name, Contact.email, Contact.language, Company.number.label("company_number")
    ).add_columns(codes.label("location_codes"))
    query = query.join(Contact, Contact.id == Member.contact_id).join(Company, Company.id == Member.company_id)
    query = query.where(Member.active, seen)
    if company_id:
        query = query.where(Member.company_id == company_id)
    return Export(
        header=MemberRows.columns.known,
        query=query,
        id=Member.id,
        cells=lambda member: member_cells(member, member, member.company_number, member.location_codes),
    )
