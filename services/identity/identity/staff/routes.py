"""HTTP: the merchant's people, by who may manage staff."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chassis import clock
from chassis.context import act_as
from chassis.http.etag import etag
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import ForgetfulRoute, Reading, Router, Session
from chassis.service import resource
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from contracts.shared.values import Code, Language, Moment
from identity.access import Staff
from identity.companies.routes import Text
from identity.contacts.email import Email
from identity.sign_in.commands import UseLink
from identity.sign_in.passwords import LONGEST, Passwords
from identity.sign_in.routes import DatabaseOfProcess, Keys
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
from identity.staff.password_links import choose_password, holder_of, mail_link, request_link_of
from identity.staff.queries import list_staff, read_staff

router = Router(prefix="/v1/staff", tags=["staff"])
acts_router = Router(prefix="/v1/staff", tags=["staff"], kind=ForgetfulRoute)
"""Their answers name him; none of them does more when it comes again."""
passwords_router = Router(prefix="/v1/staff-passwords", tags=["staff"], kind=ForgetfulRoute)
PUBLIC = {"x-access": "public"}
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
    language: Language = Language.ENGLISH
    password: Annotated[str, Field(max_length=LONGEST)] | None = None
    """Without it he is mailed a link to choose one."""


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
    erased_at: AwareDatetime | None
    """Since then nothing here tells who he was."""
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
    hashed = await passwords.hash(body.password, about=(body.name, body.email)) if body.password else None
    command = AddStaff(body.name, body.email, hashed, body.to_terms(), caller.sub, body.language)
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


@acts_router.post("/{staff_id}/deactivate", summary="Take his access", openapi_extra=ACCESS)
async def post_deactivate(staff_id: UUID, _: Staff, session: Session) -> StaffView:
    """His sessions end. The last who may manage staff stays: `last-staff-manager`."""
    return _view(await deactivate_staff(session, staff_id, clock.now()))


@acts_router.post("/{staff_id}/reactivate", summary="Give it back", openapi_extra=ACCESS)
async def post_reactivate(staff_id: UUID, _: Staff, session: Session) -> StaffView:
    """With what he had."""
    return _view(await reactivate_staff(session, staff_id, clock.now()))


@router.post(
    "/{staff_id}/password-link", status_code=204, summary="Mail him a link for another password", openapi_extra=ACCESS
)
async def post_password_link(staff_id: UUID, _: Staff, session: Session) -> None:
    """His password stays until he has chosen another."""
    await mail_link(session, staff_id, clock.now())


# -- by himself --------------------------------------------------------------------------------------------------------


class Forgotten(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: Email


class Accepted(BaseModel):
    accepted: bool = True


@passwords_router.post("", status_code=202, summary="One of the staff asks for another password", openapi_extra=PUBLIC)
async def post_forgotten(body: Forgotten, session: Session) -> Accepted:
    """The same answer whether one of the staff has the address or not; if so, a link is mailed to it."""
    await request_link_of(session, body.email, clock.now())
    return Accepted()


class ChosenPassword(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=LONGEST)]


@passwords_router.post("/confirm", summary="One of the staff chooses his password", openapi_extra=PUBLIC)
async def post_chosen(
    body: ChosenPassword,
    database: DatabaseOfProcess,
    session: Session,
    keys: Keys,
    passwords: Annotated[Passwords, resource(Passwords)],
) -> StaffRef:
    """By the link mailed to him, which is good once: `link-invalid`. Sessions that are open end."""
    link = UseLink(body.token, keys)
    async with database.reading() as connection:
        holder = await holder_of(connection, link)  # before the work of hashing
    hashed = await passwords.hash(body.password, about=(holder.name, holder.email))
    act_as(f"staff:{holder.staff_id}")
    return StaffRef(staff_id=await choose_password(session, link, hashed, clock.now()))
