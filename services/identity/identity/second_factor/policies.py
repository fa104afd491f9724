"""Whom the merchant offers a second factor, and of whom it is demanded."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.policies import Policy
from identity.members.models import Member
from identity.sign_in.models import SubjectKind


class Use(StrEnum):
    OFF = "off"
    """None is enrolled. Who has one is asked for it until he removes it."""
    OPTIONAL = "optional"
    REQUIRED = "required"
    """Who has none enrols at his next sign-in; a session that was opened without is not renewed."""


class SecondFactorPolicy(Policy):
    """Everywhere the same, since a person has one account."""

    staff: Use = Use.OPTIONAL
    administrators: Use = Use.OPTIONAL
    """Of companies."""
    members: Use = Use.OPTIONAL
    """The others."""
    shown_as: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^:]+$")] = "Countersign"
    """What the merchant is called in the app that shows the codes."""


async def use_for(session: AsyncSession, current: SecondFactorPolicy, kind: SubjectKind, member_id: UUID | None) -> Use:
    """By what somebody is at this moment: a member who becomes administrator falls under what holds for these."""
    if kind is SubjectKind.STAFF:
        return current.staff
    if current.administrators is current.members:
        return current.members
    administers = await session.scalar(select(Member.administers).where(Member.id == member_id))
    return current.administrators if administers else current.members
