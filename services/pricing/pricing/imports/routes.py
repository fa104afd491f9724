"""Imports over HTTP, for staff: send a file, watch it being read, look at the report, switch it on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from chassis import clock
from chassis.http.paging import Cursor, Limit, Page, decode_cursor, page
from chassis.http.routing import Reading, Router, Session, UploadRoute
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from contracts.shared.values import Code, Moment
from pricing.access import Staff
from pricing.imports import queries
from pricing.imports.commands import BeginImport, apply_import, begin_import
from pricing.imports.models import ImportKind, ImportStatus
from pricing.imports.queries import Outcome

uploads = Router(kind=UploadRoute, prefix="/v1", tags=["imports"])
router = Router(prefix="/v1", tags=["imports"])


class ImportBegun(BaseModel):
    import_id: UUID


class Progress(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    import_id: UUID = Field(validation_alias="id")
    kind: ImportKind
    price_list: Code | None
    status: ImportStatus
    rows: int
    """Of the file, without its header; about, until it is read."""
    read: int
    accepted: int
    rejected: int
    applied: int
    error: str | None
    begun_at: datetime
    apply_at: datetime | None
    applied_at: datetime | None


class RowReport(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    row: int
    """As in a spreadsheet: the header is row 1."""
    outcome: Outcome
    code: str | None
    """Why it was rejected, for programs."""
    column: str | None
    detail: str


class ApplyBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at: Moment | None = None
    """When it is to be switched on. Default: at once."""


def _csv(example: str) -> dict[str, Any]:
    content = {"text/csv": {"schema": {"type": "string"}, "example": example}}
    return {**staff_may(StaffPermission.MANAGE_PRICES), "requestBody": {"required": True, "content": content}}


async def _begin(request: Request, session: Session, response: Response, price_list: str | None) -> ImportBegun:
    begun = await begin_import(session, BeginImport(await request.body(), price_list), at=clock.now())
    response.headers["Location"] = f"/v1/imports/{begun.id}"
    return ImportBegun(import_id=begun.id)


@uploads.post(
    "/articles/imports",
    status_code=202,
    openapi_extra=_csv(
        "code,name_en,name_nl,unit,pack_size,weight_grams,vat_class,family,sub_family,status,available_from\n"
        "LAMP-01,Hurricane lantern,Stormlantaarn,piece,1,850,standard,lighting,lanterns,active,2026-01-01\n"
    ),
)
async def import_articles(request: Request, session: Session, response: Response, _: Staff) -> ImportBegun:
    """Import articles from CSV (PR-01, PR-13): UTF-8, comma or semicolon, decimal point or comma.

    A row is the whole article: columns that are absent or empty get their defaults.
    """
    return await _begin(request, session, response, None)


@uploads.post(
    "/price-lists/{code}/imports",
    status_code=202,
    openapi_extra=_csv("article,from_quantity,price,valid_from,valid_until\nLAMP-01,1,4.95,,\nLAMP-01,12,4.25,,\n"),
)
async def import_prices(code: Code, request: Request, session: Session, response: Response, _: Staff) -> ImportBegun:
    """Import prices into a list from CSV (PR-03, PR-13).

    For each article that the file names, its prices replace those that the list has for it; other articles keep theirs.
    `from_quantity` is 1 where it is empty. Dates are days in UTC, the last one included; times need a zone.
    """
    return await _begin(request, session, response, code)


@router.get("/imports", openapi_extra=staff_may(StaffPermission.MANAGE_PRICES))
async def list_imports(
    connection: Reading,
    _: Staff,
    kind: ImportKind | None = None,
    status: ImportStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Progress]:
    """Imports of articles and prices that are kept, newest first."""
    rows = await queries.list_imports(connection, kind, status, limit=limit, cursor=cursor)
    return page([Progress.model_validate(row) for row in rows], limit, lambda last: (last.import_id,))


@router.get("/imports/{import_id}", openapi_extra=staff_may(StaffPermission.MANAGE_PRICES))
async def read(import_id: UUID, connection: Reading, _: Staff) -> Progress:
    """How far an import has come."""
    return Progress.model_validate(await queries.import_progress(connection, import_id))


@router.get("/imports/{import_id}/rows", openapi_extra=staff_may(StaffPermission.MANAGE_PRICES))
async def list_rows(
    import_id: UUID,
    connection: Reading,
    _: Staff,
    outcome: Outcome = Outcome.REJECTED,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RowReport]:
    """The report: what became of each row."""
    after = decode_cursor(cursor, 1)[0] if cursor else 0
    rows = await queries.import_rows(connection, import_id, outcome, after if isinstance(after, int) else 0, limit)
    return page([RowReport.model_validate(row) for row in rows], limit, lambda one: (one.row,))


@router.post("/imports/{import_id}/apply", status_code=202, openapi_extra=staff_may(StaffPermission.MANAGE_PRICES))
async def apply(import_id: UUID, session: Session, _: Staff, body: ApplyBody | None = None) -> Progress:
    """Switch on all accepted rows together, at once or at a stated time; `status` becomes `applied` (PR-13)."""
    at = (body.at if body else None) or clock.now()
    return Progress.model_validate(await apply_import(session, import_id, at=at))
