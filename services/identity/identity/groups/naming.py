"""Who names a group names one that is there (ID-19)."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Invalid, Problem
from identity.groups.models import Group
from identity.policies import RegistrationPolicy


async def hold_groups(session: AsyncSession, codes: Collection[str]) -> Mapping[str, Group]:
    """Those of them that are active, by code. They stay so until this transaction ends."""
    if not codes:
        return {}
    named = select(Group).where(Group.code.in_(codes), Group.active).order_by(Group.id).with_for_update(read=True)
    return {group.code: group for group in await session.scalars(named)}


def require_groups(known: Collection[str], codes: Collection[str]) -> None:
    """
    Raises:
        Invalid: `group-unknown`, with the codes.
    """
    if unknown := sorted(set(codes) - set(known)):
        problem = Problem("/groups", "group-unknown", f"There is no such active group: {', '.join(unknown)}.")
        raise Invalid("group-unknown", problem.detail, problems=[problem], facts={"groups": unknown})


async def check_groups(session: AsyncSession, codes: Collection[str], *, already: Collection[str] = ()) -> None:
    """
    Args:
        already: what it names already, which it may go on to name.

    Raises:
        Invalid: `group-unknown`.
    """
    named = set(codes) - set(already)
    require_groups(await hold_groups(session, named), named)


async def check_groups_of_registration(session: AsyncSession, changed: RegistrationPolicy) -> None:
    """
    Raises:
        Invalid: `group-unknown`.
    """
    await check_groups(session, changed.groups)
