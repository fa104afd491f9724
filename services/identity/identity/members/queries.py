"""The only readers of members behind HTTP."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.http.paging import id_after
from identity.companies.models import Company
from identity.contacts.models import Contact
from identity.members.models import Member
from identity.staff.models import StaffMember


async def members_of(
    connection: AsyncConnection, company_id: UUID, *, removed: bool, limit: int, cursor: str | None
) -> Sequence[Row[Any]]:
    """Of one company in the order they came, one row more than the limit where there are more."""
    query = (
        select(Member.__table__, Contact.name, Contact.email, Contact.language)
        .join(Contact, Contact.id == Member.contact_id)
        .where(Member.company_id == company_id)
        .order_by(Member.id)
        .limit(limit + 1)
    )
    if not removed:
        query = query.where(Member.active)
    if cursor:
        query = query.where(Member.id > id_after(cursor))
    return (await connection.execute(query)).all()


async def company_exists(connection: AsyncConnection, company_id: UUID) -> bool:
    return await connection.scalar(select(Company.id).where(Company.id == company_id)) is not None


async def member_and_company(connection: AsyncConnection, member_id: UUID) -> Any:
    """What a member is told about himself."""
    query = (
        select(Member.__table__, Contact.name, Contact.email, Contact.language)
        .add_columns(Company.number, Company.legal_name, Company.status)
        .join(Contact, Contact.id == Member.contact_id)
        .join(Company, Company.id == Member.company_id)
        .where(Member.id == member_id)
    )
    return (await connection.execute(query)).one()


async def staff_member(connection: AsyncConnection, staff_id: UUID) -> Any:
    query = select(StaffMember.id, StaffMember.name, StaffMember.email).where(StaffMember.id == staff_id)
    return (await connection.execute(query)).one()
