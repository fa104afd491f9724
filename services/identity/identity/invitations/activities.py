"""Steps of the process `InvitationAcceptance`, each the same command as behind HTTP."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.context import act_as
from chassis.errors import Conflict
from chassis.processes import ActivityEntry, implements
from contracts.identity import activities as stubs
from contracts.identity.activities import (
    ExtendInvitation,
    InvitationAct,
    InvitationRef,
    InvitationRow,
    RemindInvitee,
)
from identity.invitations import commands
from identity.invitations.commands import ChangeInvitation, lock_invitation
from identity.invitations.models import Invitation

PROCESS = InvitationAct.model_fields["actor"].default


def _row(invitation: Invitation) -> InvitationRow:
    return InvitationRow(
        invitation_id=invitation.id,
        company_id=invitation.company_id,
        company_number=invitation.company_number,
        contact_id=invitation.contact_id,
        invited_by=invitation.invited_by,
        first_administrator=invitation.first_administrator,
        status=invitation.status,
        issue=invitation.issue,
        expires_at=invitation.expires_at,
        remind_at=invitation.remind_at,
        reminders=invitation.reminders,
        sequence=invitation.sequence,
    )


async def _stands(session: AsyncSession, invitation_id: UUID) -> InvitationRow:
    _, invitation = await lock_invitation(session, invitation_id)
    return _row(invitation)


def _as(actor: str) -> None:
    """The process is the actor already; an operator is named as he claims to be."""
    if actor != PROCESS:
        act_as(actor)


@implements(stubs.read_invitation)
async def read_invitation(entry: ActivityEntry, command: InvitationRef) -> InvitationRow:
    async with entry.transaction() as session:
        return await _stands(session, command.invitation_id)


@implements(stubs.record_invitation_reminder)
async def record_invitation_reminder(entry: ActivityEntry, command: RemindInvitee) -> InvitationRow:
    _as(command.actor)
    async with entry.transaction() as session:
        change = ChangeInvitation(command.invitation_id)
        return _row(
            await commands.remind_invitee(session, change, entry.now, issue=command.issue, reminder=command.reminder)
        )


@implements(stubs.expire_invitation)
async def expire_invitation(entry: ActivityEntry, command: InvitationAct) -> InvitationRow:
    async with entry.transaction() as session:
        change = ChangeInvitation(command.invitation_id)
        return _row(await commands.expire_invitation(session, change, command.issue, entry.now))


@implements(stubs.extend_invitation)
async def extend_invitation(entry: ActivityEntry, command: ExtendInvitation) -> InvitationRow:
    """Answers with the row as it stands where the invitation has ended."""
    _as(command.actor)
    async with entry.transaction() as session:
        try:
            change = ChangeInvitation(command.invitation_id)
            return _row(await commands.extend_invitation(session, change, command.until))
        except Conflict:
            return await _stands(session, command.invitation_id)


@implements(stubs.revoke_invitation)
async def revoke_invitation(entry: ActivityEntry, command: InvitationAct) -> InvitationRow:
    """Answers with the row as it stands where the invitation has ended."""
    _as(command.actor)
    async with entry.transaction() as session:
        try:
            return _row(await commands.revoke_invitation(session, ChangeInvitation(command.invitation_id), entry.now))
        except Conflict:
            return await _stands(session, command.invitation_id)


activities = [
    read_invitation,
    record_invitation_reminder,
    expire_invitation,
    extend_invitation,
    revoke_invitation,
]
