"""Steps that identity carries out for its processes. Each is idempotent and answers with what stands in the row."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.identity.process_events import WithdrawnBecause
from contracts.identity.values import AfterApproval, RegistrationMode, RejectionReason
from contracts.shared.activity import Payload, stub
from contracts.shared.process import ByOperator
from contracts.shared.values import Code, Elapsed

TASK_QUEUE = "identity"

# -- account approval --------------------------------------------------------------------------------------------------


class ApplicationStatus(StrEnum):
    WAITING = "waiting"
    """For the merchant."""
    ASKED = "asked"
    """For the applicant."""
    APPROVING = "approving"
    """The merchant said yes, the terms are being given."""
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ApprovalPolicy(Payload):
    """Copied into the process when it starts."""

    remind_reviewer_after: Elapsed
    remind_applicant_after: Elapsed
    withdraw_after: Elapsed
    """Silence of the applicant, counted from the question."""
    decide_in_temporal: bool = False


class ApplicationRef(Payload):
    application_id: UUID


class ApplicationRow(Payload):
    """What the process may know of the application, as it stands."""

    application_id: UUID
    number: str
    company_id: UUID
    company_number: str
    contact_id: UUID
    sequence: int
    """Of its last event; a `RowChanged` that is not higher is an echo."""
    status: ApplicationStatus
    since: datetime
    """When it came to this status."""
    mode: RegistrationMode
    question: int = 0
    """Number of the last question, 0 for none."""
    answered: int = 0
    """Number of the last question that was answered."""
    question_due_at: datetime | None = None
    """When silence ends it; only while it is asked."""
    remind_at: datetime | None = None
    """When the reviewer or the applicant is reminded next; None: not again."""
    reminders: int = 0
    """How many went out since it came to this status."""
    decision: int = 0
    price_list: Code | None = None
    returned: Code | None = None
    """Why the last decision could not be carried out."""
    after_approval: AfterApproval
    rejection: RejectionReason | None = None
    policy: ApprovalPolicy


class RemindAbout(Payload):
    application_id: UUID
    reminder: int
    """1 for the first since it came to its status; one that was recorded already is not recorded again."""
    actor: str = "process"


class ReturnToReviewer(Payload):
    application_id: UUID
    decision: int
    reason: Code


class ApproveApplication(Payload):
    application_id: UUID
    decision: int


class WithdrawApplication(Payload):
    application_id: UUID
    question: int | None = None
    """Withdraw only if this question is still unanswered; None: whatever it waits for."""
    due_at: datetime | None = None
    """With `question`: only if its deadline is still this one."""
    reason: WithdrawnBecause
    actor: str = "process"


class ExtendApplication(Payload):
    """Moves the deadline of the open question, or the next reminder of the reviewer."""

    application_id: UUID
    until: datetime
    actor: str


class Verdict(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


class DecideApplication(Payload):
    """A decision that does not come over HTTP: the automatic one, or an operator's where policy allows it."""

    application_id: UUID
    decision: int
    """1 for the first of this application; one that was taken already stands."""
    verdict: Verdict
    reason: RejectionReason = RejectionReason.OTHER
    """Of a rejection."""
    actor: str


class DecideByOperator(ByOperator):
    """From the Temporal UI, where policy allows it; an approval gives what the storefront's policy gives."""

    verdict: Verdict
    reason: RejectionReason = RejectionReason.OTHER
    """Of a rejection."""


@stub(task_queue=TASK_QUEUE)
async def read_application(command: ApplicationRef) -> ApplicationRow: ...


@stub(task_queue=TASK_QUEUE)
async def record_application_reminder(command: RemindAbout) -> ApplicationRow: ...


@stub(task_queue=TASK_QUEUE)
async def return_to_reviewer(command: ReturnToReviewer) -> ApplicationRow: ...


@stub(task_queue=TASK_QUEUE)
async def approve_application(command: ApproveApplication) -> ApplicationRow:
    """Makes the company registered or enabled and, where policy says `invite`, issues the invitation of its first
    administrator in the same transaction. A customer number taken meanwhile returns it to the reviewer."""


@stub(task_queue=TASK_QUEUE)
async def withdraw_application(command: WithdrawApplication) -> ApplicationRow: ...


@stub(task_queue=TASK_QUEUE)
async def extend_application(command: ExtendApplication) -> ApplicationRow: ...


@stub(task_queue=TASK_QUEUE)
async def decide_application(command: DecideApplication) -> ApplicationRow: ...


# -- invitation acceptance ---------------------------------------------------------------------------------------------


class InvitationStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REVOKED = "revoked"
    EXPIRED = "expired"


class InvitationRef(Payload):
    invitation_id: UUID


class InvitationRow(Payload):
    invitation_id: UUID
    company_id: UUID
    company_number: str
    contact_id: UUID
    invited_by: UUID | None
    first_administrator: bool
    status: InvitationStatus
    issue: int
    expires_at: datetime
    remind_at: datetime | None
    """None: this issue was reminded already, or is not to be."""
    reminders: int
    """Of this issue, those by operators included."""
    sequence: int


class InvitationAct(Payload):
    invitation_id: UUID
    issue: int
    actor: str = "process"


class RemindInvitee(Payload):
    invitation_id: UUID
    issue: int
    reminder: int
    """Its number in this issue; one that was recorded already is not recorded again."""
    actor: str = "process"


class ExtendInvitation(Payload):
    invitation_id: UUID
    until: datetime
    actor: str


@stub(task_queue=TASK_QUEUE)
async def read_invitation(command: InvitationRef) -> InvitationRow: ...


@stub(task_queue=TASK_QUEUE)
async def record_invitation_reminder(command: RemindInvitee) -> InvitationRow: ...


@stub(task_queue=TASK_QUEUE)
async def expire_invitation(command: InvitationAct) -> InvitationRow: ...


@stub(task_queue=TASK_QUEUE)
async def extend_invitation(command: ExtendInvitation) -> InvitationRow: ...


@stub(task_queue=TASK_QUEUE)
async def revoke_invitation(command: InvitationAct) -> InvitationRow: ...
