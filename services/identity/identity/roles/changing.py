"""What a change of the roles must leave as it is."""

from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict
from contracts.identity.activities import InvitationStatus
from identity.invitations.models import Invitation
from identity.members.models import Member
from identity.roles.policies import RolesPolicy, lock_roles


async def check_roles_in_use(session: AsyncSession, changed: RolesPolicy) -> None:
    """A role that members have, or open invitations offer, stays, and stays one that administers or does not.

    Raises:
        Conflict: `role-in-use`, with the codes.
    """
    await lock_roles(session)
    held = select(Member.role, Member.administers).where(Member.active)
    offered = select(Invitation.role, Invitation.administers).where(Invitation.status == InvitationStatus.OPEN)
    in_use = (await session.execute(union(held, offered))).all()
    kept = {(code, role.administers) for code, role in changed.roles.items()}
    if lost := sorted({code for code, administers in in_use if (code, administers) not in kept}):
        raise Conflict(
            "role-in-use",
            "Members or open invitations have this role: it stays, and whether it administers.",
            facts={"roles": lost},
        )
