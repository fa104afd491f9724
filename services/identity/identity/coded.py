"""What companies have under codes of their own."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import NotFound
from identity.locations.models import Location
from identity.projects.models import Project

Coded = Location | Project
CODED: tuple[type[Coded], ...] = (Location, Project)
C = TypeVar("C", Location, Project)


async def lock_coded(session: AsyncSession, kind: type[C], coded_id: UUID, company_id: UUID | None) -> C:
    """
    Args:
        company_id: the only company in which to look; None: staff.

    Raises:
        NotFound.
    """
    wanted = select(kind).where(kind.id == coded_id)
    if company_id is not None:
        wanted = wanted.where(kind.company_id == company_id)
    found: C | None = await session.scalar(wanted.with_for_update())
    if found is None:
        raise NotFound
    return found
