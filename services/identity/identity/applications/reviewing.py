"""Who of the staff looks after an application, and the second yes where two are needed (ID-09)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Invalid, Problem
from identity.applications.commands import lock_application
from identity.applications.models import Application
from identity.staff.models import StaffMember


@dataclass(frozen=True)
class ConfirmApproval:
    """`proposal`: the number of what the second person has seen."""

    application_id: UUID
    proposal: int
    actor: str


async def take_application(session: AsyncSession, application_id: UUID, staff_id: UUID, at: datetime) -> Application:
    """One of the staff takes it for himself. Of two at once, one gets it.

    Raises:
        NotFound.
        Conflict: a colleague has it, or it is closed.
    """
    application = await lock_application(session, application_id)
    if application.reviewer not in (None, staff_id):
        raise Conflict(
            "application-taken",
            "A colleague looks after this application; it can be given to you.",
            facts={"reviewer": str(application.reviewer)},
        )
    application.give_to(staff_id, at)
    return application


async def give_application(session: AsyncSession, application_id: UUID, staff_id: UUID, at: datetime) -> Application:
    """
    Raises:
        NotFound.
        Invalid: nobody of the staff who may sign in has this id.
        Conflict: it is closed.
    """
    active = await session.scalar(select(StaffMember.active).where(StaffMember.id == staff_id))
    if not active:
        problem = Problem("/staff_id", "staff-unknown", "Nobody of the staff has this id.")
        raise Invalid("staff-unknown", problem.detail, problems=[problem])
    application = await lock_application(session, application_id)
    application.give_to(staff_id, at)
    return application


async def release_application(session: AsyncSession, application_id: UUID, at: datetime) -> Application:
    """It is nobody's again.

    Raises:
        NotFound.
        Conflict: it is closed.
    """
    application = await lock_application(session, application_id)
    application.give_to(None, at)
    return application


async def confirm_approval(session: AsyncSession, command: ConfirmApproval, at: datetime) -> Application:
    """The second yes. Whether the customer number is still free is seen when the decision is carried out.

    Raises:
        NotFound.
        Conflict: this proposal does not wait.
        Forbidden: who proposed does not confirm.
    """
    application = await lock_application(session, command.application_id)
    application.confirm(command.proposal, by=command.actor, at=at)
    return application


async def retract_proposal(session: AsyncSession, application_id: UUID, proposal: int, at: datetime) -> Application:
    """
    Raises:
        NotFound.
        Conflict: this proposal does not wait.
    """
    application = await lock_application(session, application_id)
    application.retract(proposal, at)
    return application
