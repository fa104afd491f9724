"""Events of what runs for days or weeks in identity: applications and invitations."""

from datetime import datetime
from uuid import UUID

from contracts.identity.topics import (
    APPLICATION,
    INVITATION,
)
from contracts.identity.values import (
    AfterApproval,
    RegistrationMode,
    RejectionReason,
)
from contracts.shared.event import Event
from contracts.shared.values import Code, OpenEnum

# -- application ----------------------------------------------------------------------------------------------------------


class _ApplicationEvent(Event):
    application_id: UUID
    number: str
    company_id: UUID


class ApplicationSubmitted(_ApplicationEvent, type="countersign.identity.application.submitted.v1", topic=APPLICATION):
    """Starts the process `account-approval/<number>`."""

    contact_id: UUID
    company_number: str
    storefront: Code
    mode: RegistrationMode
    submitted_at: datetime


class QuestionAsked(_ApplicationEvent, type="countersign.identity.application.question_asked.v1", topic=APPLICATION):
    """The merchant wants to know more; the applicant answers by a link in its mail. The text stays in identity."""

    question: int
    """1 for the first question of this application."""
    asked_at: datetime


class QuestionAnswered(
    _ApplicationEvent, type="countersign.identity.application.question_answered.v1", topic=APPLICATION
):
    question: int
    answered_at: datetime


class ApprovalRequested(
    _ApplicationEvent, type="countersign.identity.application.approval_requested.v1", topic=APPLICATION
):
    """The reviewer said yes; the process now gives the terms, which may still be refused (`ApplicationReturned`)."""

    decision: int
    """1 for the first decision of this application; an echo of an earlier one is ignored."""


class ApplicationReturned(_ApplicationEvent, type="countersign.identity.application.returned.v1", topic=APPLICATION):
    """The terms could not be given; it waits for its reviewer again."""

    decision: int
    reason: Code


class ApplicationApproved(_ApplicationEvent, type="countersign.identity.application.approved.v1", topic=APPLICATION):
    decision: int
    approved_at: datetime
    after_approval: AfterApproval
    price_list: Code | None


class ApplicationRejected(_ApplicationEvent, type="countersign.identity.application.rejected.v1", topic=APPLICATION):
    decision: int
    rejected_at: datetime
    reason: RejectionReason


class WithdrawnBecause(OpenEnum):
    SILENCE = "silence"
    APPLICANT = "applicant"
    STAFF = "staff"


class ApplicationWithdrawn(_ApplicationEvent, type="countersign.identity.application.withdrawn.v1", topic=APPLICATION):
    reason: WithdrawnBecause
    withdrawn_at: datetime


class Reminded(OpenEnum):
    REVIEWER = "reviewer"
    APPLICANT = "applicant"


class ApplicationReminded(_ApplicationEvent, type="countersign.identity.application.reminded.v1", topic=APPLICATION):
    whom: Reminded
    reminded_at: datetime


class ApplicationExtended(_ApplicationEvent, type="countersign.identity.application.extended.v1", topic=APPLICATION):
    due_at: datetime


class ApplicationAssigned(_ApplicationEvent, type="countersign.identity.application.assigned.v1", topic=APPLICATION):
    """Somebody of the staff looks after it from now on, or nobody does any more."""

    reviewer: UUID | None
    assigned_at: datetime


class ApprovalProposed(
    _ApplicationEvent, type="countersign.identity.application.approval_proposed.v1", topic=APPLICATION
):
    """The first yes of two: a different person of the staff must confirm it. It waits as before."""

    proposal: int
    """1 for the first proposal of this application."""
    proposed_at: datetime


class ProposalRetracted(
    _ApplicationEvent, type="countersign.identity.application.proposal_retracted.v1", topic=APPLICATION
):
    """By who proposed or by a colleague: the event's actor."""

    proposal: int
    retracted_at: datetime


# -- invitation -----------------------------------------------------------------------------------------------------------


class _InvitationEvent(Event):
    invitation_id: UUID
    company_id: UUID
    contact_id: UUID
    """The guest contact that the invitation is addressed to."""


class InvitationIssued(_InvitationEvent, type="countersign.identity.invitation.issued.v1", topic=INVITATION):
    """Starts the process `invitation/<invitation id>`."""

    issue: int
    company_number: str
    role: Code
    first_administrator: bool
    """Accepting it enables the company."""
    invited_by: UUID | None
    """The contact of the member who invited; None: the merchant."""
    expires_at: datetime


class InvitationResent(_InvitationEvent, type="countersign.identity.invitation.resent.v1", topic=INVITATION):
    """A new link, the clock reset; links of earlier issues are dead."""

    issue: int
    expires_at: datetime


class InvitationExtended(_InvitationEvent, type="countersign.identity.invitation.extended.v1", topic=INVITATION):
    expires_at: datetime


class InvitationReminded(_InvitationEvent, type="countersign.identity.invitation.reminded.v1", topic=INVITATION):
    reminded_at: datetime


class InvitationAccepted(_InvitationEvent, type="countersign.identity.invitation.accepted.v1", topic=INVITATION):
    member_id: UUID
    accepted_at: datetime


class InvitationDeclined(_InvitationEvent, type="countersign.identity.invitation.declined.v1", topic=INVITATION):
    declined_at: datetime


class InvitationRevoked(_InvitationEvent, type="countersign.identity.invitation.revoked.v1", topic=INVITATION):
    revoked_at: datetime


class InvitationExpired(_InvitationEvent, type="countersign.identity.invitation.expired.v1", topic=INVITATION):
    expired_at: datetime
