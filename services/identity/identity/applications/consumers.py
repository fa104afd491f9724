"""An application that is submitted starts its process; what happens to it later makes the process look at its row."""

from chassis.consumers import Delivery, Subscription
from contracts.identity.activities import ApplicationStatus
from contracts.identity.process_events import (
    ApplicationRejected,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    ApprovalRequested,
    QuestionAnswered,
    QuestionAsked,
)
from contracts.identity.processes import account_approval_id
from contracts.identity.topics import APPLICATION
from contracts.shared.event import Event
from contracts.shared.process import RowChanged
from identity.applications.queries import approval_process

LEADS_TO: dict[type[Event], ApplicationStatus] = {
    QuestionAsked: ApplicationStatus.ASKED,
    QuestionAnswered: ApplicationStatus.WAITING,
    ApprovalRequested: ApplicationStatus.APPROVING,
    ApplicationRejected: ApplicationStatus.REJECTED,
    ApplicationWithdrawn: ApplicationStatus.WITHDRAWN,
}
"""What somebody outside the process may have done."""

Decided = QuestionAsked | QuestionAnswered | ApprovalRequested | ApplicationRejected | ApplicationWithdrawn


async def start_process(delivery: Delivery, event: ApplicationSubmitted) -> None:
    await delivery.processes.start(approval_process(event.application_id, event.number, event.company_number))


async def tell_process(delivery: Delivery, event: Decided) -> None:
    change = RowChanged(sequence=delivery.envelope.sequence, status=LEADS_TO[type(event)])
    await delivery.processes.row_changed(account_approval_id(event.number), change)


subscriptions = [
    Subscription(APPLICATION, {ApplicationSubmitted: start_process, **dict.fromkeys(LEADS_TO, tell_process)})
]
