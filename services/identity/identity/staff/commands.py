"""The only writers of staff."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict
from chassis.ids import new_id
from identity.sign_in.commands import SetPassword, set_password
from identity.sign_in.passwords import PasswordHash
from identity.staff.models import StaffMember

_ALONE = text("LOCK TABLE staff IN SHARE ROW EXCLUSIVE MODE")
"""Two bootstraps, or two of the same address, come one after the other."""


@dataclass(frozen=True)
class AddStaff:
    name: str
    email: str
    """Normalised."""
    password_hash: PasswordHash
    added_by: UUID | None = None


async def add_staff(session: AsyncSession, command: AddStaff, at: datetime) -> StaffMember:
    """
    Raises:
        Conflict: one of this address is there already.
    """
    await session.execute(_ALONE)
    if await session.scalar(select(StaffMember.id).where(StaffMember.email == command.email)):
        raise Conflict("staff-exists", "One of the staff has this address already.")
    member = StaffMember(
        id=new_id(), name=command.name, email=command.email, active=True, added_at=at, added_by=command.added_by
    )
    session.add(member)
    member.add()
    await set_password(session, SetPassword(member.id, command.password_hash), at)
    return member


async def bootstrap_staff(session: AsyncSession, command: AddStaff, at: datetime) -> StaffMember | None:
    """The very first one. None: it is the one that is there.

    Raises:
        Conflict: there is staff already, so it adds further staff over HTTP.
    """
    await session.execute(_ALONE)
    if await session.scalar(select(StaffMember.id).where(StaffMember.email == command.email)):
        return None
    if await session.scalar(select(func.count()).select_from(StaffMember)):
        raise Conflict("staff-bootstrapped", "There is staff already; it adds further staff over HTTP.")
    return await add_staff(session, command, at)
