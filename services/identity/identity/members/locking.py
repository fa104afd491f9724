"""Locking a member: the company first, so that who changes two members of one company waits for the other."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import NotFound
from identity.companies.commands import lock_company
from identity.companies.models import Company
from identity.members.models import Member


async def lock_member(session: AsyncSession, member_id: UUID, company_id: UUID | None) -> tuple[Company, Member]:
    """The company row first: two administrators that demote each other wait for one another."""
    found = select(Member.company_id).where(Member.id == member_id)
    owner = await session.scalar(found if company_id is None else found.where(Member.company_id == company_id))
    if owner is None:
        raise NotFound
    company = await lock_company(session, owner)
    member = await session.scalar(select(Member).where(Member.id == member_id).with_for_update())
    assert member is not None
    return company, member
