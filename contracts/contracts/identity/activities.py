"""Steps that identity carries out for its processes. Each is idempotent and answers with what stands in the row."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from contracts.identity.values import AfterApproval, RejectionReason
from contracts.shared.activity import Payload, stub
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
    status: ApplicationStatus
    question: int = 0
    question_due_at: datetime | None = None
    decision: int = 0
    price_list: Code | None = None
    after_approval: AfterApproval
    rejection: RejectionReason | None = None
    policy: ApprovalPolicy


class RemindAbout(Payload):
    application_id: UUID
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
    reason: Literal["silence", "staff"]
    actor: str = "process"


class ExtendApplication(Payload):
    application_id: UUID
    by: Elapsed
    actor: str


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


class InvitationAct(Payload):
    invitation_id: UUID
    issue: int
    actor: str = "process"


class ExtendInvitation(Payload):
    invitation_id: UUID
    by: Elapsed
    actor: str


@stub(task_queue=TASK_QUEUE)
async def read_invitation(command: InvitationRef) -> InvitationRow: ...


@stub(task_queue=TASK_QUEUE)
async def record_invitation_reminder(command: InvitationAct) -> InvitationRow: ...


@stub(task_queue=TASK_QUEUE)
async def expire_invitation(command: InvitationAct) -> InvitationRow: ...


@stub(task_queue=TASK_QUEUE)
async def extend_invitation(command: ExtendInvitation) -> InvitationRow: ...


@stub(task_queue=TASK_QUEUE)
async def revoke_invitation(command: InvitationAct) -> InvitationRow: ...
