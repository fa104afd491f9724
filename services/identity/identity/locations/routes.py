"""HTTP: locations of a company, by the merchant's staff or by who manages its members."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic.config import JsonDict

from chassis import clock
from chassis.errors import Forbidden, NotFound
from chassis.http.etag import etag
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import staff_or_member
from contracts.identity.tokens import StaffClaims
from contracts.identity.values import StaffPermission
from contracts.shared.values import Address, Code
from identity.access import MemberCaller, StaffOrMember, may_manage
from identity.companies.routes import Text
from identity.locations.commands import ChangeLocation, OpenLocation, change_location, close_location, open_location
from identity.locations.models import Location
from identity.locations.queries import locations_of
from identity.members.queries import company_exists
from identity.members.routes import managed_company

router = Router(prefix="/v1", tags=["locations"])


DEPOT: JsonDict = {
    "code": "depot",
    "name": "Depot Rotterdam",
    "address": {"line1": "Kade 1", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"},
}


class NewLocation(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [DEPOT]})

    code: Code
    name: Text
    address: Address


class LocationChange(BaseModel):
    """What is named is changed."""

    model_config = ConfigDict(extra="forbid")

    name: Text = ""
    address: Address | None = None


class LocationView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    location_id: UUID
    company_id: UUID
    code: Code
    name: str
    address: Address
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    version: int
    """For `If-Match`."""


def _view(row: Location | Any) -> LocationView:
    shown = {name: getattr(row, name) for name in LocationView.model_fields if hasattr(row, name)}
    return LocationView(**shown, location_id=row.id, version=row.sequence)


def _for_all_locations(caller: StaffClaims | MemberCaller) -> UUID | None:
    """Who acts for some locations only neither opens nor closes any.

    Raises:
        Forbidden.
    """
    company_id = managed_company(caller)
    if isinstance(caller, MemberCaller) and caller.locations is not None:
        raise Forbidden("location-not-yours", "You act for some of the company's locations only.")
    return company_id


@router.get(
    "/companies/{company_id}/locations",
    summary="Locations of a company",
    openapi_extra=staff_or_member(StaffPermission.SEE_CUSTOMERS),
)
async def get_locations(
    company_id: UUID,
    caller: StaffOrMember,
    connection: Reading,
    closed: Annotated[bool, Query(description="Also those that were closed")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[LocationView]:
    """For every member of the company: he names one when he orders."""
    if isinstance(caller, MemberCaller) and caller.company_id != company_id:
        raise NotFound
    if not await company_exists(connection, company_id):
        raise NotFound
    rows = await locations_of(connection, company_id, closed=closed, limit=limit, cursor=cursor)
    return page([_view(row) for row in rows], limit, lambda last: (last.location_id,))


@router.post(
    "/companies/{company_id}/locations",
    status_code=201,
    summary="Open a location",
    openapi_extra=staff_or_member(StaffPermission.MANAGE_MEMBERS),
)
async def post_location(
    company_id: UUID, body: NewLocation, caller: StaffOrMember, session: Session, response: Response
) -> LocationView:
    may_manage(caller, company_id)
    _for_all_locations(caller)
    address = body.address.model_dump(mode="json")
    location = await open_location(session, OpenLocation(company_id, body.code, body.name, address), clock.now())
    response.headers["Location"], response.headers["ETag"] = f"/v1/locations/{location.id}", etag(location.sequence)
    return _view(location)


@router.patch(
    "/locations/{location_id}",
    summary="Change a location",
    openapi_extra=staff_or_member(StaffPermission.MANAGE_MEMBERS),
)
async def patch_location(
    location_id: UUID,
    body: LocationChange,
    caller: StaffOrMember,
    session: Session,
    response: Response,
    if_match: Annotated[str, Header()],
) -> LocationView:
    values: dict[str, Any] = body.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    command = ChangeLocation(location_id, _for_all_locations(caller), if_match, values)
    location = await change_location(session, command)
    response.headers["ETag"] = etag(location.sequence)
    return _view(location)


@router.post(
    "/locations/{location_id}/close",
    summary="Close a location",
    openapi_extra=staff_or_member(StaffPermission.MANAGE_MEMBERS),
)
async def post_close(location_id: UUID, caller: StaffOrMember, session: Session) -> LocationView:
    """Its orders stay. Closed already: nothing happens."""
    return _view(await close_location(session, location_id, _for_all_locations(caller), clock.now()))
