"""The names, ids and signals of identity's two processes."""

from uuid import UUID

from contracts.shared.activity import Payload

ACCOUNT_APPROVAL = "AccountApproval"
INVITATION_ACCEPTANCE = "InvitationAcceptance"


def account_approval_id(application_number: str) -> str:
    return f"account-approval/{application_number}"


def invitation_id(invitation: UUID) -> str:
    return f"invitation/{invitation}"


class StartAccountApproval(Payload):
    application_id: UUID
    number: str
    company_number: str


class StartInvitationAcceptance(Payload):
    invitation_id: UUID
    company_number: str
