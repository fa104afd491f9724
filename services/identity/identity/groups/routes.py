"""HTTP: customer groups, by the merchant's staff."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chassis import clock
from chassis.http.etag import etag
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from contracts.shared.values import Code, Language
from identity.access import Staff
from identity.companies.routes import Text
from identity.groups import queries
from identity.groups.commands import ChangeGroup, CreateGroup, change_group, create_group, remove_group
from identity.groups.models import Group
from identity.money import CreditLimit

router = Router(prefix="/v1/groups", tags=["groups"])
READ = staff_may(StaffPermission.SEE_CUSTOMERS, for_own=True)
WRITE = staff_may(StaffPermission.MANAGE_CUSTOMERS)
Names = Annotated[dict[Language, Text], Field(min_length=1, examples=[{"en": "Bakeries"}])]
Days = Annotated[int, Field(ge=0, le=365)]


class GroupDefaults(BaseModel):
    """What a company in it is given by its creation or approval, where neither says anything else. Null: nothing."""

    model_config = ConfigDict(extra="forbid")

    sales_representative: Code | None = None
    pays_by_invoice: bool | None = None
    invoice_days: Days | None = None
    credit_limit: CreditLimit | None = None


class NewGroup(GroupDefaults):
    code: Code
    names: Names


class GroupChange(GroupDefaults):
    """What is named is changed; null takes away where the field may be empty."""

    names: Names = {}
    active: bool = Field(True, description="False: who is in it stays, and nobody joins it")


class GroupView(NewGroup):
    id: UUID
    active: bool
    created_at: AwareDatetime
    version: int
    """For `If-Match`."""


def _view(row: Group | Any) -> GroupView:
    shown = {name: getattr(row, name) for name in GroupView.model_fields if hasattr(row, name)}
    return GroupView(**shown, version=row.sequence)


@router.get("", openapi_extra=READ)
async def get_groups(_: Staff, connection: Reading, cursor: Cursor = None, limit: Limit = 50) -> Page[GroupView]:
    """Customer groups, oldest first."""
    rows = await queries.list_groups(connection, limit=limit, cursor=cursor)
    return page([_view(row) for row in rows], limit, lambda last: (last.id,))


@router.post("", status_code=201, openapi_extra=WRITE)
async def post_group(body: NewGroup, _: Staff, session: Session, response: Response) -> GroupView:
    """A group of customers. Its price lists are given in pricing, as terms of the group."""
    values = {**body.model_dump(mode="json"), "credit_limit": body.credit_limit}
    group = await create_group(session, CreateGroup(**values), clock.now())
    response.headers["Location"], response.headers["ETag"] = f"/v1/groups/{group.code}", etag(group.sequence)
    return _view(group)


@router.get("/{code}", openapi_extra=READ)
async def get_group(code: Code, _: Staff, connection: Reading, response: Response) -> GroupView:
    row = await queries.read_group(connection, code)
    response.headers["ETag"] = etag(row.sequence)
    return _view(row)


@router.patch("/{code}", openapi_extra=WRITE)
async def patch_group(
    code: Code, body: GroupChange, _: Staff, session: Session, response: Response, if_match: Annotated[str, Header()]
) -> GroupView:
    """Companies that are in it keep what they were given."""
    values: dict[str, Any] = body.model_dump(mode="json", exclude_unset=True)
    if "credit_limit" in values:
        values["credit_limit"] = body.credit_limit
    group = await change_group(session, ChangeGroup(code, if_match, values))
    response.headers["ETag"] = etag(group.sequence)
    return _view(group)


@router.delete("/{code}", status_code=204, openapi_extra=WRITE)
async def delete_group(code: Code, _: Staff, session: Session) -> None:
    """Only one that nobody is in and nothing names: `group-in-use`."""
    await remove_group(session, code)
