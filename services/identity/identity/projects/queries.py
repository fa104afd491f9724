"""The only readers of projects behind HTTP."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.http.paging import id_after
from identity.projects.models import Project

projects = Project.__table__


async def projects_of(
    connection: AsyncConnection,
    company_id: UUID,
    *,
    seen_by: UUID | None,
    closed: bool,
    limit: int,
    cursor: str | None,
) -> Sequence[Row[Any]]:
    """Of one company in the order they came, one row more than the limit where there are more.

    Args:
        seen_by: a contact, who sees his own and everybody's; None: who sees all.
    """
    query = select(projects).where(projects.c.company_id == company_id).order_by(projects.c.id).limit(limit + 1)
    if seen_by is not None:
        query = query.where(or_(projects.c.contact_id.is_(None), projects.c.contact_id == seen_by))
    if not closed:
        query = query.where(projects.c.closed_at.is_(None))
    if cursor:
        query = query.where(projects.c.id > id_after(cursor))
    return (await connection.execute(query)).all()
