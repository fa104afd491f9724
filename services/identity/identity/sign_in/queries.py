"""The only readers of sessions, and of whose they are, behind HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.http.paging import id_after
from identity.contacts.models import Contact
from identity.sign_in.ending import OwnSession
from identity.sign_in.models import SignInSession, SubjectKind
from identity.staff.models import StaffMember


async def open_session(connection: AsyncConnection, session_id: UUID) -> OwnSession | None:
    """None: it has ended, or there is none."""
    query = select(SignInSession.id, SignInSession.kind, SignInSession.subject_id, SignInSession.member_id)
    row = (
        await connection.execute(query.where(SignInSession.id == session_id, SignInSession.ended_at.is_(None)))
    ).first()
    return OwnSession(*row) if row else None


async def known_of(connection: AsyncConnection | AsyncSession, kind: SubjectKind, subject_id: UUID) -> tuple[str, str]:
    """Name and address of the person."""
    table = Contact if kind is SubjectKind.MEMBER else StaffMember
    name, email = (await connection.execute(select(table.name, table.email).where(table.id == subject_id))).one()
    return name, email


async def sessions_of(
    connection: AsyncConnection, subject_id: UUID, at: datetime, *, limit: int, cursor: str | None
) -> Sequence[Row[Any]]:
    """The person's open ones, latest opened first, one row more than the limit where there are more."""
    query = (
        select(SignInSession.__table__)
        .where(SignInSession.subject_id == subject_id, SignInSession.ended_at.is_(None), SignInSession.expires_at > at)
        .order_by(SignInSession.id.desc())
        .limit(limit + 1)
    )
    if cursor:
        query = query.where(SignInSession.id < id_after(cursor))
    return (await connection.execute(query)).all()
