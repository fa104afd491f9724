"""HTTP: what happened, for the merchant's staff, and for a company's administrators what happened to their company."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict

from chassis.errors import NotFound
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import Reading, Router
from identity.access import StaffOrMember
from identity.activity_log.queries import Wanted, activity
from identity.members.routes import managed_company

router = Router(prefix="/v1/activity", tags=["activity"])


class Activity(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    happened_at: AwareDatetime
    type: str
    actor: str | None
    """`staff:<id>`, `member:<id>`, `process:<workflow id>`, `operator:<claimed name>`; null: nobody is known."""
    company_id: UUID | None
    subject: str
    """Key of what it happened to."""
    correlation_id: str | None
    """The same for all that followed from one act."""
    source: str
    """The service."""


@router.get("", summary="What happened, latest first", openapi_extra={"x-access": "staff-or-member"})
async def get_activity(
    caller: StaffOrMember,
    connection: Reading,
    company_id: UUID | None = None,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    type: Annotated[str | None, Query(max_length=120)] = None,
    actor: Annotated[str | None, Query(max_length=120)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Activity]:
    """A member who manages members sees what happened to his own company."""
    own = managed_company(caller)
    if own and company_id not in (None, own):
        raise NotFound
    wanted = Wanted(own or company_id, since, until, type, actor)
    rows = await activity(connection, wanted, limit=limit, cursor=cursor)
    return page([Activity.model_validate(row) for row in rows], limit, lambda last: (last.id,))
