"""HTTP: inviting people, by the merchant's staff or by who manages the members of a company."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chassis import clock
from chassis.errors import Forbidden, NotFound
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import ForgetfulRoute, Reading, Router, Session
from contracts.identity.activities import InvitationStatus
from contracts.identity.operations import staff_or_member
from contracts.identity.tokens import StaffClaims
from contracts.identity.values import Permission, StaffPermission
from contracts.shared.values import Code, Elapsed, Language, Money
from identity.access import StaffOrMember, may_manage
from identity.contacts.email import Email
from identity.invitations import queries
from identity.invitations.commands import (
    ChangeInvitation,
    ExtendBy,
    extend_invitation,
    resend_invitation,
    revoke_invitation,
)
from identity.invitations.inviting import Invitee, InvitePeople, InvitingOutcome, invite_people
from identity.invitations.models import Invitation
from identity.members.queries import company_exists
from identity.members.routes import Name, Terms, columns_of, managed_company

router = Router(prefix="/v1", tags=["invitations"])
inviting = Router(prefix="/v1", tags=["invitations"], kind=ForgetfulRoute)
"""Answers with addresses; a repetition says `already_invited`."""


class PersonToInvite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    email: Email
    language: Language


INVITATIONS: JsonDict = {
    "role": "employee",
    "invitees": [{"name": "Noor Smit", "email": "noor@bakkerij.example", "language": "nl"}],
}


class NewInvitations(Terms):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [INVITATIONS]})

    invitees: Annotated[list[PersonToInvite], Field(min_length=1, max_length=50)]
    first_administrator: bool = False
    """Accepting it enables the company; for staff, and one address."""


class OutcomeView(BaseModel):
    email: str
    outcome: InvitingOutcome
    invitation_id: UUID | None = None


class Outcomes(BaseModel):
    outcomes: list[OutcomeView]


@inviting.post(
    "/companies/{company_id}/invitations",
    summary="Invite several people",
    openapi_extra=staff_or_member(StaffPermission.MANAGE_MEMBERS),
)
async def post_invitations(company_id: UUID, body: NewInvitations, caller: StaffOrMember, session: Session) -> Outcomes:
    """One outcome per address. Whether an address has an account elsewhere changes nothing."""
    may_manage(caller, company_id)
    if body.first_administrator and not isinstance(caller, StaffClaims):
        raise Forbidden("staff-only", "Only the merchant's staff invite a first administrator.")
    command = InvitePeople(
        company_id=company_id,
        invitees=[Invitee(one.name, one.email, one.language) for one in body.invitees],
        terms=body.given_by(caller),
        first_administrator=body.first_administrator,
        invited_by=None if isinstance(caller, StaffClaims) else caller.contact_id,
    )
    invited = await invite_people(session, command, clock.now())
    return Outcomes(outcomes=[OutcomeView(**vars(one)) for one in invited])


class InvitationView(BaseModel):
    invitation_id: UUID
    company_id: UUID
    contact_id: UUID
    name: str
    email: str
    language: Language
    role: Code
    administers: bool
    permissions: frozenset[Permission]
    always_attested: bool
    limit_per_order: Money | None
    limit_per_month: Money | None
    locations: frozenset[UUID] | None
    first_administrator: bool
    status: InvitationStatus
    issue: int
    reminders: int
    issued_at: AwareDatetime
    remind_at: AwareDatetime | None
    expires_at: AwareDatetime
    ended_at: AwareDatetime | None
    member_id: UUID | None


@router.get(
    "/companies/{company_id}/invitations",
    summary="Invitations of a company",
    openapi_extra=staff_or_member(StaffPermission.SEE_CUSTOMERS),
)
async def get_invitations(
    company_id: UUID,
    caller: StaffOrMember,
    connection: Reading,
    status: InvitationStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[InvitationView]:
    may_manage(caller, company_id)
    if not await company_exists(connection, company_id):
        raise NotFound
    rows = await queries.invitations_of(connection, company_id, status=status, limit=limit, cursor=cursor)
    views = [InvitationView(invitation_id=row.id, **columns_of(row, InvitationView)) for row in rows]
    return page(views, limit, lambda last: (last.invitation_id,))


class InvitationRef(BaseModel):
    invitation_id: UUID
    status: InvitationStatus
    issue: int
    expires_at: AwareDatetime


def _ref(invitation: Invitation) -> InvitationRef:
    return InvitationRef(
        invitation_id=invitation.id,
        status=invitation.status,
        issue=invitation.issue,
        expires_at=invitation.expires_at,
    )


@router.post(
    "/invitations/{invitation_id}/resend",
    summary="Mail a new link",
    openapi_extra=staff_or_member(StaffPermission.MANAGE_MEMBERS),
)
async def post_resend(invitation_id: UUID, caller: StaffOrMember, session: Session) -> InvitationRef:
    """The clock starts again; links of earlier issues are dead."""
    command = ChangeInvitation(invitation_id, managed_company(caller))
    return _ref(await resend_invitation(session, command, clock.now()))


class Extension(BaseModel):
    model_config = ConfigDict(extra="forbid")

    by: Annotated[Elapsed, Field(examples=["P7D"])]


@router.post(
    "/invitations/{invitation_id}/extend",
    summary="Move the expiry",
    openapi_extra=staff_or_member(StaffPermission.MANAGE_MEMBERS),
)
async def post_extend(invitation_id: UUID, body: Extension, caller: StaffOrMember, session: Session) -> InvitationRef:
    command = ChangeInvitation(invitation_id, managed_company(caller))
    return _ref(await extend_invitation(session, command, ExtendBy(body.by)))


@router.post(
    "/invitations/{invitation_id}/revoke",
    summary="Take it back",
    openapi_extra=staff_or_member(StaffPermission.MANAGE_MEMBERS),
)
async def post_revoke(invitation_id: UUID, caller: StaffOrMember, session: Session) -> InvitationRef:
    """The invitee is told. Revoked already: nothing happens."""
    command = ChangeInvitation(invitation_id, managed_company(caller))
    return _ref(await revoke_invitation(session, command, clock.now()))
