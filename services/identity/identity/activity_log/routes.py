"""HTTP: what happened, for the merchant's staff, and for a company's administrators what happened to their company."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict

from chassis.errors import NotFound
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import Reading, Router
from contracts.identity.operations import staff_may, staff_or_member
from contracts.identity.values import StaffPermission
from contracts.shared.values import Moment
from identity.access import Staff, StaffOrMember
from identity.activity_log.export import csv_rows
from identity.activity_log.models import Door
from identity.activity_log.queries import Wanted, activity, head, position_of
from identity.members.routes import managed_company

router = Router(prefix="/v1/activity", tags=["activity"])


Words = Annotated[str | None, Query(max_length=255)]


class Activity(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    happened_at: AwareDatetime
    type: str
    actor: str | None
    """`staff:<id>`, `member:<id>`, `contact:<id>`, `process:<workflow id>`, `operator:<claimed name>`; null: nobody is known."""
    door: Door
    company_id: UUID | None
    subject: str
    """Key of what it happened to."""
    correlation_id: str | None
    """The same for all that followed from one act."""
    source: str
    """The service."""


async def _wanted(
    caller: StaffOrMember,
    company_id: UUID | None = None,
    since: Annotated[Moment | None, Query(alias="from", description="Not before")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Before")] = None,
    type: Words = None,
    actor: Words = None,
    door: Door | None = None,
    subject: Words = None,
    correlation_id: Words = None,
    source: Words = None,
) -> Wanted:
    """
    Raises:
        Forbidden: a member who does not manage members.
        NotFound: a member asks for another company than his own.
    """
    own = managed_company(caller)
    if own and company_id not in (None, own):
        raise NotFound
    return Wanted(own or company_id, since, until, type, actor, door, subject, correlation_id, source)


Filters = Annotated[Wanted, Depends(_wanted)]
"""What the caller asks for, of what he may see: staff everything, who manages members what happened to his company."""


@router.get("", summary="What happened, latest first", openapi_extra=staff_or_member(StaffPermission.SEE_ACTIVITY))
async def get_activity(
    wanted: Filters, connection: Reading, cursor: Cursor = None, limit: Limit = 50
) -> Page[Activity]:
    """A member who manages members sees what happened to his own company."""
    after = position_of(cursor) if cursor else None
    rows = await activity(connection, wanted, limit=limit + 1, after=after)
    return page([Activity.model_validate(row) for row in rows], limit, lambda last: (last.happened_at, last.id))


@router.get(
    "/export",
    summary="The same as CSV, all of it",
    openapi_extra=staff_or_member(StaffPermission.SEE_ACTIVITY),
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}}},
)
async def export_activity(request: Request, wanted: Filters) -> StreamingResponse:
    """A member who manages members is given what happened to his own company."""
    headers = {"Content-Disposition": 'attachment; filename="activity.csv"'}
    rows = csv_rows(request.app.state.database, wanted)
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=headers)


class ChainHead(BaseModel):
    position: int
    """So many rows are sealed."""
    hash: str
    """SHA-256 in hexadecimal. Kept elsewhere, it proves later that nothing up to here was changed or removed."""


@router.get("/head", summary="Where the chain of seals ends now", openapi_extra=staff_may(StaffPermission.SEE_ACTIVITY))
async def get_head(_caller: Staff, connection: Reading) -> ChainHead:
    """To be kept elsewhere, and compared by `python -m identity verify-activity --head <hash>`."""
    last = await head(connection)
    return ChainHead(position=last.position, hash=last.hash.hex())
