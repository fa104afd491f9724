"""What an invitation's events start and move: its process."""

from chassis.consumers import Delivery, Subscription
from contracts.identity.activities import InvitationStatus
from contracts.identity.process_events import (
    InvitationAccepted,
    InvitationDeclined,
    InvitationExpired,
    InvitationExtended,
    InvitationIssued,
    InvitationReminded,
    InvitationResent,
    InvitationRevoked,
)
from contracts.identity.processes import invitation_id
from contracts.identity.topics import INVITATION
from contracts.shared.process import RowChanged
from identity.invitations.queries import invitation_process

Changed = (
    InvitationResent
    | InvitationExtended
    | InvitationReminded
    | InvitationAccepted
    | InvitationDeclined
    | InvitationRevoked
    | InvitationExpired
)

STATUS_AFTER: dict[type, InvitationStatus] = {
    InvitationAccepted: InvitationStatus.ACCEPTED,
    InvitationDeclined: InvitationStatus.DECLINED,
    InvitationRevoked: InvitationStatus.REVOKED,
    InvitationExpired: InvitationStatus.EXPIRED,
}
"""Of those that end it."""


async def start_process(delivery: Delivery, event: InvitationIssued) -> None:
    await delivery.processes.start(invitation_process(event.invitation_id, event.company_number))


async def tell_process(delivery: Delivery, event: Changed) -> None:
    status = STATUS_AFTER.get(type(event), InvitationStatus.OPEN)
    change = RowChanged(sequence=delivery.envelope.sequence, status=status.value)
    await delivery.processes.row_changed(invitation_id(event.invitation_id), change)


subscriptions = [
    Subscription(
        INVITATION,
        {
            InvitationIssued: start_process,
            InvitationResent: tell_process,
            InvitationExtended: tell_process,
            InvitationReminded: tell_process,
            InvitationAccepted: tell_process,
            InvitationDeclined: tell_process,
            InvitationRevoked: tell_process,
            InvitationExpired: tell_process,
        },
    )
]
