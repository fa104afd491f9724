"""Imports over HTTP, for staff: send a file, watch it being read, look at the preview, apply it, take back what was refused."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator

from chassis.clock import now
from chassis.http.paging import Cursor, Limit, Page, decode_cursor, page
from chassis.http.routing import Reading, Router, Session, UploadRoute
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from identity.access import Staff
from identity.imports import queries
from identity.imports.commands import apply_import, begin_import
from identity.imports.kinds import KINDS
from identity.imports.models import ImportKind, ImportStatus, Outcome

uploads = Router(kind=UploadRoute, prefix="/v1", tags=["imports"])
router = Router(prefix="/v1/imports", tags=["imports"])


class ImportBegun(BaseModel):
    import_id: UUID


class Progress(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    import_id: UUID = Field(validation_alias="id")
    kind: ImportKind
    status: ImportStatus
    size: int
    bytes_read: int
    """Of `size`."""
    rows: int
    """How many were looked at, without the header and empty ones."""
    created: int
    changed: int
    unchanged: int
    refused: int
    """Foretold, until a row has been applied."""
    applied: int
    """How many rows were done, of those that are not refused."""
    error: str | None
    error_detail: str | None
    begun_at: datetime
    apply_at: datetime | None
    applied_at: datetime | None


class RowOutcome(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    row: int
    """As in a spreadsheet: the header is row 1."""
    outcome: Outcome
    fields: list[str]
    """What changes."""
    code: str | None
    """Why it was refused, for programs."""
    column: str | None
    detail: str | None

    @field_validator("fields", mode="before")
    @classmethod
    def _from_json(cls, stored: str | None) -> Any:
        return orjson.loads(stored or "[]")


def _upload(kind: ImportKind) -> Callable[..., Coroutine[Any, Any, ImportBegun]]:
    async def upload(request: Request, session: Session, response: Response, _: Staff) -> ImportBegun:
        begun = await begin_import(session, kind, request.stream(), now())
        response.headers["Location"] = f"/v1/imports/{begun.id}"
        return ImportBegun(import_id=begun.id)

    return upload


for _kind, _of in KINDS.items():
    _file = {"schema": {"type": "string", "format": "binary"}}
    uploads.add_api_route(
        f"/{_kind}/imports",
        _upload(_kind),
        methods=["POST"],
        status_code=202,
        summary=f"Import {_kind} from CSV or XLSX",
        description=(
            "UTF-8 with comma or semicolon, or the first sheet of a workbook (ID-24). "
            f"Columns: {', '.join(_of.columns.known)}{', key_…' if _of.columns.keyed else ''}."
        ),
        openapi_extra={
            **staff_may(StaffPermission.MANAGE_CUSTOMERS),
            "requestBody": {
                "required": True,
                "content": {
                    "text/csv": _file,
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _file,
                },
            },
        },
    )


@router.get("", openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS))
async def list_imports(
    connection: Reading,
    _: Staff,
    kind: ImportKind | None = None,
    status: ImportStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Progress]:
    """Imports that are kept, newest first."""
    rows = await queries.list_imports(connection, kind, status, limit=limit, cursor=cursor)
    return page([Progress.model_validate(row) for row in rows], limit, lambda last: (last.import_id,))


@router.get("/{import_id}", openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS))
async def read_import(import_id: UUID, connection: Reading, _: Staff) -> Progress:
    """How far an import has come."""
    return Progress.model_validate(await queries.import_progress(connection, import_id))


@router.get("/{import_id}/rows", openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS))
async def list_rows(
    import_id: UUID,
    connection: Reading,
    _: Staff,
    outcome: Outcome | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RowOutcome]:
    """What would become of each row, and once it was applied what became of it."""
    after = decode_cursor(cursor, 1)[0] if cursor else 0
    rows = await queries.rows_of(connection, import_id, outcome, after if isinstance(after, int) else 0, limit)
    return page([RowOutcome.model_validate(row) for row in rows], limit, lambda one: (one.row,))


@router.get(
    "/{import_id}/refused.csv",
    openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS),
    response_class=StreamingResponse,
)
async def download_refused(import_id: UUID, request: Request, connection: Reading, _: Staff) -> StreamingResponse:
    """The refused rows with their cells and the reason, to be corrected and sent again."""
    found = await queries.import_progress(connection, import_id)
    lines = queries.refused_rows(request.app.state.database, import_id, found.header or [])
    return StreamingResponse(
        lines,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="refused.csv"'},
    )


@router.post("/{import_id}/apply", status_code=202, openapi_extra=staff_may(StaffPermission.MANAGE_CUSTOMERS))
async def apply(import_id: UUID, session: Session, _: Staff) -> Progress:
    """Do what was previewed, in the background; `status` becomes `applied`."""
    return Progress.model_validate(await apply_import(session, import_id, now()))
