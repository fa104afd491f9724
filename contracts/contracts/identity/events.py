"""What happens to companies, contacts, members, applications and invitations, in ids, numbers and codes alone."""

from datetime import datetime
from uuid import UUID

from contracts.identity.topics import (
    ACCESS_REQUEST,
    APPLICATION,
    COMPANY,
    CONTACT,
    GROUP,
    INVITATION,
    LOCATION,
    MEMBER,
    PROJECT,
    STAFF,
    STOREFRONT,
)
from contracts.identity.values import (
    AccessRefusal,
    AfterApproval,
    CustomerStatus,
    Permission,
    RegistrationMode,
    RejectionReason,
    StaffPermission,
    VatCheck,
)
from contracts.shared.event import Event
from contracts.shared.values import Code, Money, OpenEnum

# -- company ---------------------------------------------------------------------------------------------------------


class _CompanyEvent(Event):
    company_id: UUID
    number: str


class CompanyOrigin(OpenEnum):
    APPLIED = "applied"
    CREATED_BY_MERCHANT = "created_by_merchant"


class CompanyCreated(_CompanyEvent, type="countersign.identity.company.created.v1", topic=COMPANY):
    origin: CompanyOrigin
    storefront: Code
    contact_id: UUID | None = None
    """The person to tell, where there is one."""
    with_account_access: bool
    test: bool = False


class CompanyChanged(_CompanyEvent, type="countersign.identity.company.changed.v1", topic=COMPANY):
    """Its record or conditions changed; the state topic has the result."""

    fields: tuple[str, ...]
    """Names of the changed fields, without values."""


class CompanyStatusChanged(_CompanyEvent, type="countersign.identity.company.status_changed.v1", topic=COMPANY):
    old: CustomerStatus
    new: CustomerStatus
    reason: Code
    """The fact that changed it: `application-submitted`, `suspended`, `reactivated`, `price-list-given` …"""
    contact_id: UUID | None = None
    """The company's first contact, to be told where somebody is to be told."""


class PriceListsOfMerged(OpenEnum):
    """What becomes of the price lists that a merged company was given."""

    MOVE = "move"
    LEAVE = "leave"


class CompanyMerged(_CompanyEvent, type="countersign.identity.company.merged.v1", topic=COMPANY):
    """It was a duplicate, and is another company now (ID-26). Said again when that one is merged itself."""

    merged_into: UUID
    merged_into_number: str
    price_lists: PriceListsOfMerged
    merged_at: datetime


class CompanyVatChecked(_CompanyEvent, type="countersign.identity.company.vat_checked.v1", topic=COMPANY):
    """The EU's service was asked about its VAT number; told once for each result, not for each attempt."""

    result: VatCheck
    checked_at: datetime
    consultation: str | None = None
    """Proof of the question, where the merchant asks under its own number."""


# -- contact and member ------------------------------------------------------------------------------------------------


class ContactCreated(Event, type="countersign.identity.contact.created.v1", topic=CONTACT):
    contact_id: UUID
    company_id: UUID | None = None


class ContactChanged(Event, type="countersign.identity.contact.changed.v1", topic=CONTACT):
    contact_id: UUID
    fields: tuple[str, ...]


class ContactErased(Event, type="countersign.identity.contact.erased.v1", topic=CONTACT):
    """Nothing that tells who this was is left in identity; who keeps anything of his erases it, too (ID-27)."""

    contact_id: UUID
    erased_at: datetime


class VerificationRequested(Event, type="countersign.identity.contact.verification_requested.v1", topic=CONTACT):
    """Somebody is to prove that the address is his; notifications mails the link."""

    contact_id: UUID
    issue: int


class PasswordResetRequested(Event, type="countersign.identity.contact.password_reset_requested.v1", topic=CONTACT):
    contact_id: UUID
    issue: int


class ContactPasswordChanged(Event, type="countersign.identity.contact.password_changed.v1", topic=CONTACT):
    """By who knew the one before, or by a link that was mailed; the mail about it is for him whose account it is."""

    contact_id: UUID


class ContactSecondFactorEnabled(Event, type="countersign.identity.contact.second_factor_enabled.v1", topic=CONTACT):
    """He signs in with a code of his device, too."""

    contact_id: UUID


class ContactSecondFactorRemoved(Event, type="countersign.identity.contact.second_factor_removed.v1", topic=CONTACT):
    """By himself, or by staff after a loss: the event's actor."""

    contact_id: UUID


class _MemberEvent(Event):
    member_id: UUID
    company_id: UUID
    contact_id: UUID


class MemberAdded(_MemberEvent, type="countersign.identity.member.added.v1", topic=MEMBER):
    role: Code
    administers: bool
    permissions: frozenset[Permission]


class MemberChanged(_MemberEvent, type="countersign.identity.member.changed.v1", topic=MEMBER):
    role: Code
    administers: bool
    permissions: frozenset[Permission]
    always_attested: bool
    limit_per_order: Money | None = None
    limit_per_month: Money | None = None
    locations: frozenset[UUID] | None = None
    """None: all."""
    substitute_id: UUID | None = None
    """Of who decides on orders for him now, or from a later day on (ID-14)."""


class MemberMoved(_MemberEvent, type="countersign.identity.member.moved.v1", topic=MEMBER):
    """His company was merged into this one; role, permissions and limits stay as they were (ID-26)."""

    former_company_id: UUID


class MemberRemoved(_MemberEvent, type="countersign.identity.member.removed.v1", topic=MEMBER):
    pass


# -- location ----------------------------------------------------------------------------------------------------------


class _LocationEvent(Event):
    location_id: UUID
    company_id: UUID
    code: Code


class LocationOpened(_LocationEvent, type="countersign.identity.location.opened.v1", topic=LOCATION):
    """A company has one more establishment."""


class LocationChanged(_LocationEvent, type="countersign.identity.location.changed.v1", topic=LOCATION):
    fields: tuple[str, ...]


class LocationClosed(_LocationEvent, type="countersign.identity.location.closed.v1", topic=LOCATION):
    """Nothing is ordered for it any more; its orders stay."""


# -- group -------------------------------------------------------------------------------------------------------------


class _GroupEvent(Event):
    group_id: UUID
    code: Code


class GroupCreated(_GroupEvent, type="countersign.identity.group.created.v1", topic=GROUP):
    """There is one more group of customers."""


class GroupChanged(_GroupEvent, type="countersign.identity.group.changed.v1", topic=GROUP):
    """Whoever is in it keeps what he was given."""

    fields: tuple[str, ...]


class GroupRemoved(_GroupEvent, type="countersign.identity.group.removed.v1", topic=GROUP):
    """Nobody was in it."""


# -- storefront --------------------------------------------------------------------------------------------------------


class StorefrontCreated(Event, type="countersign.identity.storefront.created.v1", topic=STOREFRONT):
    """From now on the merchant says who may enter it; the state topic has the rule."""

    code: Code


class StorefrontChanged(Event, type="countersign.identity.storefront.changed.v1", topic=STOREFRONT):
    code: Code
    fields: tuple[str, ...]


# -- project -----------------------------------------------------------------------------------------------------------


class _ProjectEvent(Event):
    project_id: UUID
    company_id: UUID
    code: Code


class ProjectOpened(_ProjectEvent, type="countersign.identity.project.opened.v1", topic=PROJECT):
    """Orders can be booked on it."""


class ProjectChanged(_ProjectEvent, type="countersign.identity.project.changed.v1", topic=PROJECT):
    fields: tuple[str, ...]


class ProjectClosed(_ProjectEvent, type="countersign.identity.project.closed.v1", topic=PROJECT):
    """Nothing is booked on it any more; its orders stay."""


# -- application -------------------------------------------------------------------------------------------------------


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


# -- invitation --------------------------------------------------------------------------------------------------------


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


# -- staff -------------------------------------------------------------------------------------------------------------


class StaffAdded(Event, type="countersign.identity.staff.added.v1", topic=STAFF):
    """One of the merchant's people was given an account; who did it is the event's actor."""

    staff_id: UUID
    role: Code
    permissions: frozenset[StaffPermission]
    representative: Code | None = None
    """His code as the sales representative of companies."""
    until: datetime | None = None
    """Of an external: when his access ends."""


class StaffChanged(Event, type="countersign.identity.staff.changed.v1", topic=STAFF):
    """He was given another role, other permissions, another code or another end."""

    staff_id: UUID
    role: Code
    permissions: frozenset[StaffPermission]
    representative: Code | None = None
    until: datetime | None = None


class StaffDeactivated(Event, type="countersign.identity.staff.deactivated.v1", topic=STAFF):
    """He can not sign in any more; his sessions ended. By a colleague, or since his time as an external ran out."""

    staff_id: UUID


class StaffReactivated(Event, type="countersign.identity.staff.reactivated.v1", topic=STAFF):
    """He may sign in again, with what he had."""

    staff_id: UUID
    role: Code
    permissions: frozenset[StaffPermission]
    representative: Code | None = None
    until: datetime | None = None


class StaffSecondFactorEnabled(Event, type="countersign.identity.staff.second_factor_enabled.v1", topic=STAFF):
    """He signs in with a code of his device, too."""

    staff_id: UUID


class StaffSecondFactorRemoved(Event, type="countersign.identity.staff.second_factor_removed.v1", topic=STAFF):
    """By himself, or by a colleague after a loss: the event's actor."""

    staff_id: UUID


class StaffPasswordLinkIssued(Event, type="countersign.identity.staff.password_link_issued.v1", topic=STAFF):
    """He is mailed a link by which he chooses his password; links of earlier issues are dead."""

    staff_id: UUID
    issue: int
    until: datetime | None = None
    """Of an external: when his access ends."""


# -- access requests -----------------------------------------------------------------------------------------------------


class AccessRequestSubmitted(Event, type="countersign.identity.access_request.submitted.v1", topic=ACCESS_REQUEST):
    """Somebody asks to become one of the merchant's people."""

    request_id: UUID


class AccessRequestGranted(Event, type="countersign.identity.access_request.granted.v1", topic=ACCESS_REQUEST):
    """He became one of them."""

    request_id: UUID
    staff_id: UUID


class AccessRequestRefused(Event, type="countersign.identity.access_request.refused.v1", topic=ACCESS_REQUEST):
    """He did not; he is told why."""

    request_id: UUID
    reason: AccessRefusal


class AccessRequestErased(Event, type="countersign.identity.access_request.erased.v1", topic=ACCESS_REQUEST):
    """Its time is over: nothing tells any more who asked. If nobody had decided, nobody will."""

    request_id: UUID
