"""The step that notifications carries out for other services' processes: a mail, once."""

from datetime import timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.identity.values import LinkPurpose
from contracts.shared.activity import Payload, stub
from contracts.shared.values import Code

TASK_QUEUE = "notifications"


class Template(StrEnum):
    """Every mail there is (NO-01)."""

    APPLICATION_RECEIVED_MERCHANT = "application-received-merchant"
    APPLICATION_REMINDER_MERCHANT = "application-reminder-merchant"
    APPLICATION_QUESTION = "application-question"
    APPLICATION_QUESTION_REMINDER = "application-question-reminder"
    APPLICATION_ANSWERED_MERCHANT = "application-answered-merchant"
    APPLICATION_RETURNED_MERCHANT = "application-returned-merchant"
    APPLICATION_APPROVED = "application-approved"
    APPLICATION_REJECTED = "application-rejected"
    APPLICATION_WITHDRAWN = "application-withdrawn"
    APPLICATION_WITHDRAWN_MERCHANT = "application-withdrawn-merchant"
    ADDRESS_VERIFICATION = "address-verification"
    COMPANY_CREATED = "company-created"
    COMPANY_SUSPENDED = "company-suspended"
    COMPANY_REACTIVATED = "company-reactivated"
    COMPANY_MERGED = "company-merged"
    INVITATION = "invitation"
    INVITATION_REMINDER = "invitation-reminder"
    INVITATION_EXPIRED = "invitation-expired"
    INVITATION_EXPIRED_INVITER = "invitation-expired-inviter"
    INVITATION_ACCEPTED_INVITER = "invitation-accepted-inviter"
    INVITATION_DECLINED_INVITER = "invitation-declined-inviter"
    INVITATION_REVOKED = "invitation-revoked"
    PASSWORD_RESET = "password-reset"  # noqa: S105
    PASSWORD_CHANGED = "password-changed"  # noqa: S105
    SECOND_FACTOR_ENABLED = "second-factor-enabled"
    SECOND_FACTOR_REMOVED = "second-factor-removed"
    STAFF_PASSWORD = "staff-password"  # noqa: S105
    ACCESS_REQUESTED_MERCHANT = "access-requested-merchant"
    ACCESS_REFUSED = "access-refused"
    ATTESTATION_REQUESTED = "attestation-requested"
    ATTESTATION_REMINDER = "attestation-reminder"
    ATTESTATION_ESCALATED = "attestation-escalated"
    ATTESTATION_ESCALATED_MERCHANT = "attestation-escalated-merchant"
    ORDER_RECEIVED = "order-received"
    ORDER_PLACED = "order-placed"
    ORDER_DECLINED = "order-declined"
    ORDER_EXPIRED = "order-expired"
    ORDER_WITHDRAWN = "order-withdrawn"
    ORDER_REFUSED = "order-refused"
    ORDER_CONFIRMED = "order-confirmed"
    ORDER_CANCELLED = "order-cancelled"
    ORDER_PLACED_MERCHANT = "order-placed-merchant"


class Link(Payload):
    """A keyed link to print: notifications computes its token, identity computes it again when it is presented."""

    purpose: LinkPurpose
    subject: UUID
    issue: int


class SendMail(Payload):
    """One mail to one recipient. The same `notification` and recipient again is the same mail (one Message-ID)."""

    notification: str
    """What it is about, chosen by the process: `invitation/<id>/1/reminder`."""
    template: Template
    contacts: tuple[UUID, ...] = ()
    """Recipients, a mail each; empty: the merchant's mailbox."""
    link: Link | None = None
    parameters: dict[str, str] = Field(default_factory=dict)
    """Numbers and codes that the template prints."""


class Sent(Payload):
    outcome: Literal["sent"] = "sent"


class Undeliverable(Payload):
    """No recipient can be reached: each was refused for good, or has no address that can be mailed."""

    outcome: Literal["undeliverable"] = "undeliverable"
    reason: Code


@stub(task_queue=TASK_QUEUE, timeout=timedelta(seconds=60))
async def send_mail(command: SendMail) -> Sent | Undeliverable: ...
