"""HTTP: asking for access, for anybody; granting and refusing it, for who may manage staff."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from chassis import clock
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import ForgetfulRoute, Reading, Router, Session
from contracts.identity.operations import staff_may
from contracts.identity.values import AccessRefusal, StaffPermission
from contracts.shared.values import Language
from identity.access import Staff
from identity.access_requests.commands import GrantAccess, RequestAccess, grant_access, refuse_access, request_access
from identity.access_requests.models import AccessRequestStatus
from identity.access_requests.queries import list_requests, organisation_of
from identity.companies.routes import Text
from identity.contacts.email import Email
from identity.sign_in.routes import network_of_request
from identity.staff.routes import StaffRef, Terms

router = Router(prefix="/v1/access-requests", tags=["staff"], kind=ForgetfulRoute)
ACCESS = staff_may(StaffPermission.MANAGE_STAFF)

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class NewAccessRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Text
    email: Email
    organisation: Text
    wanted_role: Text
    """In his words."""
    reason: Why
    language: Language


class Accepted(BaseModel):
    accepted: bool = True


@router.post(
    "", status_code=202, summary="Ask to become one of the merchant's people", openapi_extra={"x-access": "public"}
)
async def post_request(body: NewAccessRequest, request: Request, session: Session) -> Accepted:
    """The same answer whether the address is known or not. Many from one network are slowed down: 429."""
    command = RequestAccess(**body.model_dump(), network=network_of_request(request))
    await request_access(session, command, clock.now())
    return Accepted()


class AccessRequestView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    email: str
    organisation: str
    wanted_role: str
    reason: str
    language: Language
    status: AccessRequestStatus
    requested_at: AwareDatetime
    decided_at: AwareDatetime | None
    decided_by: UUID | None
    refusal: AccessRefusal | None
    staff_id: UUID | None


@router.get("", summary="Who asked for access", openapi_extra=ACCESS)
async def get_requests(
    _: Staff,
    connection: Reading,
    status: AccessRequestStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AccessRequestView]:
    """Oldest first. The address is not proved before he has used the link that a grant mails."""
    rows = await list_requests(connection, status=status, limit=limit, cursor=cursor)
    return page([AccessRequestView.model_validate(row) for row in rows], limit, lambda last: (last.id,))


@router.post("/{request_id}/grant", summary="Make him one of the staff", openapi_extra=ACCESS)
async def post_grant(request_id: UUID, body: Terms, caller: Staff, session: Session) -> StaffRef:
    """He is mailed a link to choose his password. With an end he is an external, of the organisation that he named."""
    terms = body.to_terms()
    if terms.until is not None and terms.organisation is None:
        terms = replace(terms, organisation=await organisation_of(session, request_id))
    added = await grant_access(session, GrantAccess(request_id, terms, caller.sub), clock.now())
    return StaffRef(staff_id=added.id)


class Refusal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: AccessRefusal


class Refused(BaseModel):
    request_id: UUID
    status: AccessRequestStatus


@router.post("/{request_id}/refuse", summary="Do not", openapi_extra=ACCESS)
async def post_refuse(request_id: UUID, body: Refusal, caller: Staff, session: Session) -> Refused:
    """He is mailed the reason, in his language."""
    request = await refuse_access(session, request_id, body.reason, caller.sub, clock.now())
    return Refused(request_id=request.id, status=request.status)
