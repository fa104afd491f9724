"""HTTP: the merchant's people, by who may manage staff."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chassis import clock
from chassis.http.etag import etag
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import Reading, Router, Session
from chassis.service import resource
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from contracts.shared.values import Code, Moment
from identity.access import Staff
from identity.companies.routes import Text
from identity.contacts.email import Email
from identity.sign_in.passwords import LONGEST, Passwords
from identity.staff.commands import (
    AddStaff,
    ChangeStaff,
    StaffTerms,
    add_staff,
    change_staff,
    deactivate_staff,
    reactivate_staff,
)
from identity.staff.models import StaffKind, StaffMember, permissions_of
from identity.staff.queries import list_staff, read_staff

router = Router(prefix="/v1/staff", tags=["staff"])
ACCESS = staff_may(StaffPermission.MANAGE_STAFF)


class Terms(BaseModel):
    """What he is; all of it together."""

    model_config = ConfigDict(extra="forbid")

    role: Code
    """One of `GET /v1/policies/staff-roles`."""
    permissions: frozenset[StaffPermission] | None = None
    """Left out: those of the role. An administrator has all in any case."""
    representative: Code | None = None
    """Without `see_all_companies` he acts for the companies that have this sales representative, and for no others."""
    organisation: Text | None = None
    """Of an external, with `until`."""
    until: Moment | None = None
    """When the access of an external ends."""

    def to_terms(self) -> StaffTerms:
        return StaffTerms(**{name: getattr(self, name) for name in Terms.model_fields})


class NewStaff(Terms):
    name: Annotated[str, Field(min_length=1, max_length=120, examples=["Sanne de Vries"])]
    email: Email
    password: Annotated[str, Field(max_length=LONGEST)]


class StaffRef(BaseModel):
    staff_id: UUID


class StaffView(BaseModel):
    staff_id: UUID
    name: str
    email: str
    kind: StaffKind
    active: bool
    role: Code
    permissions: list[str]
    representative: Code | None
    organisation: str | None
    until: AwareDatetime | None
    added_at: AwareDatetime
    version: int
    """For `If-Match`."""


def _view(row: StaffMember | Any) -> StaffView:
    return StaffView(
        **{name: getattr(row, name) for name in _AS_STORED},
        staff_id=row.id,
        kind=StaffKind.TEAM if row.until is None else StaffKind.EXTERNAL,
        permissions=sorted(permissions_of(row.role, row.permissions)),
        version=row.sequence,
    )


_AS_STORED = StaffView.model_fields.keys() - {"staff_id", "kind", "permissions", "version"}


@router.post("", status_code=201, summary="Add one of the staff", openapi_extra=ACCESS)
async def post_staff(
    body: NewStaff,
    caller: Staff,
    session: Session,
    passwords: Annotated[Passwords, resource(Passwords)],
    response: Response,
) -> StaffRef:
    """Refused with `staff-exists` where one has this address."""
    hashed = await passwords.hash(body.password, about=(body.name, body.email))
    command = AddStaff(body.name, body.email, hashed, body.to_terms(), added_by=caller.sub)
    added = await add_staff(session, command, clock.now())
    response.headers["Location"] = f"/v1/staff/{added.id}"
    return StaffRef(staff_id=added.id)


@router.get("", summary="The merchant's people", openapi_extra=ACCESS)
async def get_all_staff(
    _: Staff,
    connection: Reading,
    deactivated: Annotated[bool, Query(description="Also those who were deactivated")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[StaffView]:
    rows = await list_staff(connection, deactivated=deactivated, limit=limit, cursor=cursor)
    return page([_view(row) for row in rows], limit, lambda last: (last.staff_id,))


@router.get("/{staff_id}", summary="One of them", openapi_extra=ACCESS)
async def get_staff(staff_id: UUID, _: Staff, connection: Reading, response: Response) -> StaffView:
    row = await read_staff(connection, staff_id)
    response.headers["ETag"] = etag(row.sequence)
    return _view(row)


@router.put("/{staff_id}/terms", summary="Give him another role", openapi_extra=ACCESS)
async def put_terms(
    staff_id: UUID, body: Terms, _: Staff, session: Session, response: Response, if_match: Annotated[str, Header()]
) -> StaffView:
    """The last who may manage staff stays one who may: `last-staff-manager`. In other services with his next token."""
    member = await change_staff(session, ChangeStaff(staff_id, if_match, body.to_terms()), clock.now())
    response.headers["ETag"] = etag(member.sequence)
    return _view(member)


@router.post("/{staff_id}/deactivate", summary="Take his access", openapi_extra=ACCESS)
async def post_deactivate(staff_id: UUID, _: Staff, session: Session) -> StaffView:
    """His sessions end. The last who may manage staff stays: `last-staff-manager`."""
    return _view(await deactivate_staff(session, staff_id, clock.now()))


@router.post("/{staff_id}/reactivate", summary="Give it back", openapi_extra=ACCESS)
async def post_reactivate(staff_id: UUID, _: Staff, session: Session) -> StaffView:
    """With what he had."""
    return _view(await reactivate_staff(session, staff_id, clock.now()))
