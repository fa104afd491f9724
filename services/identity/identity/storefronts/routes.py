"""HTTP: storefronts, by the merchant's staff."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chassis import clock
from chassis.http.etag import etag
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import staff_may
from contracts.identity.storefronts import StorefrontAccess
from contracts.identity.values import StaffPermission
from contracts.shared.values import Code
from identity.access import Staff
from identity.companies.routes import Text
from identity.storefronts import queries
from identity.storefronts.commands import ChangeStorefront, CreateStorefront, change_storefront, create_storefront
from identity.storefronts.models import Storefront

router = Router(prefix="/v1/storefronts", tags=["storefronts"])
READ = staff_may(StaffPermission.SEE_CUSTOMERS, for_own=True)
WRITE = staff_may(StaffPermission.MANAGE_POLICIES)
Codes = Annotated[list[Code], Field(max_length=50)]


class StorefrontBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Text
    access: StorefrontAccess = Field(description="Who enters while no groups are named: every company, or none")
    groups: Codes = Field([], description="The groups that may enter it, and no others")
    catalogues: Codes = []


class NewStorefront(StorefrontBody):
    code: Code


class StorefrontChange(BaseModel):
    """What is named is changed."""

    model_config = ConfigDict(extra="forbid")

    name: Text = ""
    access: StorefrontAccess = StorefrontAccess.CLOSED
    groups: Codes = []
    catalogues: Codes = []
    active: bool = Field(True, description="False: nobody enters it")


class StorefrontView(StorefrontBody):
    id: UUID
    code: Code
    active: bool
    created_at: AwareDatetime
    version: int
    """For `If-Match`."""


def _view(row: Storefront | Any) -> StorefrontView:
    shown = {name: getattr(row, name) for name in StorefrontView.model_fields if hasattr(row, name)}
    return StorefrontView(**shown, version=row.sequence)


@router.get("", openapi_extra=READ)
async def get_storefronts(
    _: Staff, connection: Reading, cursor: Cursor = None, limit: Limit = 50
) -> Page[StorefrontView]:
    """Storefronts that were defined, oldest first."""
    rows = await queries.list_storefronts(connection, limit=limit, cursor=cursor)
    return page([_view(row) for row in rows], limit, lambda last: (last.id,))


@router.post("", status_code=201, openapi_extra=WRITE)
async def post_storefront(body: NewStorefront, _: Staff, session: Session, response: Response) -> StorefrontView:
    """Defines a storefront. Until then a code is for the companies that belong to it, whatever their groups."""
    storefront = await create_storefront(session, CreateStorefront(**dict(body)), clock.now())
    response.headers["Location"] = f"/v1/storefronts/{storefront.code}"
    response.headers["ETag"] = etag(storefront.sequence)
    return _view(storefront)


@router.get("/{code}", openapi_extra=READ)
async def get_storefront(code: Code, _: Staff, connection: Reading, response: Response) -> StorefrontView:
    row = await queries.read_storefront(connection, code)
    response.headers["ETag"] = etag(row.sequence)
    return _view(row)


@router.patch("/{code}", openapi_extra=WRITE)
async def patch_storefront(
    code: Code,
    body: StorefrontChange,
    _: Staff,
    session: Session,
    response: Response,
    if_match: Annotated[str, Header()],
) -> StorefrontView:
    """Who may enter counts at once: at sign-in and renewal, for prices and for orders."""
    values = {name: getattr(body, name) for name in body.model_fields_set}
    storefront = await change_storefront(session, ChangeStorefront(code, if_match, values))
    response.headers["ETag"] = etag(storefront.sequence)
    return _view(storefront)
