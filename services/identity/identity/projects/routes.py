"""HTTP: projects of a company, by the merchant's staff or by who manages its members."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chassis import clock
from chassis.errors import NotFound
from chassis.http.etag import etag
from chassis.http.paging import Cursor, Limit, Page, page
from chassis.http.routing import Reading, Router, Session
from contracts.identity.operations import staff_or_member
from contracts.identity.values import Permission, StaffPermission
from contracts.shared.values import Code
from identity.access import MemberCaller, StaffOrMember, may_manage
from identity.companies.routes import Text
from identity.members.queries import company_exists
from identity.members.routes import managed_company
from identity.projects.commands import ChangeProject, OpenProject, change_project, close_project, open_project
from identity.projects.models import Project
from identity.projects.queries import projects_of

router = Router(prefix="/v1", tags=["projects"])
READ = staff_or_member(StaffPermission.SEE_CUSTOMERS)
WRITE = staff_or_member(StaffPermission.MANAGE_MEMBERS)


class ProjectChange(BaseModel):
    """What is named is changed; null takes a day away. Days are those of UTC."""

    model_config = ConfigDict(extra="forbid")

    name: Text = ""
    valid_from: date | None = None
    valid_until: date | None = Field(None, description="The last day")


class NewProject(ProjectChange):
    code: Code
    name: Text
    contact_id: UUID | None = Field(None, description="The member who alone books on it; left out: everybody does")


class ProjectView(NewProject):
    project_id: UUID
    company_id: UUID
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    version: int
    """For `If-Match`."""


def _view(row: Project | Any) -> ProjectView:
    shown = {name: getattr(row, name) for name in ProjectView.model_fields if hasattr(row, name)}
    return ProjectView(**shown, project_id=row.id, version=row.sequence)


@router.get("/companies/{company_id}/projects", summary="Projects of a company", openapi_extra=READ)
async def get_projects(
    company_id: UUID,
    caller: StaffOrMember,
    connection: Reading,
    closed: Annotated[bool, Query(description="Also those that were closed")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ProjectView]:
    """Every member of the company sees those that he can book on; who manages members sees all."""
    seen_by = None
    if isinstance(caller, MemberCaller):
        if caller.company_id != company_id:
            raise NotFound
        seen_by = None if Permission.MANAGE_MEMBERS in caller.permissions else caller.contact_id
    if not await company_exists(connection, company_id):
        raise NotFound
    rows = await projects_of(connection, company_id, seen_by=seen_by, closed=closed, limit=limit, cursor=cursor)
    return page([_view(row) for row in rows], limit, lambda last: (last.project_id,))


@router.post("/companies/{company_id}/projects", status_code=201, summary="Open a project", openapi_extra=WRITE)
async def post_project(
    company_id: UUID, body: NewProject, caller: StaffOrMember, session: Session, response: Response
) -> ProjectView:
    may_manage(caller, company_id)
    project = await open_project(session, OpenProject(company_id, **dict(body)), clock.now())
    response.headers["Location"], response.headers["ETag"] = f"/v1/projects/{project.id}", etag(project.sequence)
    return _view(project)


@router.patch("/projects/{project_id}", summary="Change a project", openapi_extra=WRITE)
async def patch_project(
    project_id: UUID,
    body: ProjectChange,
    caller: StaffOrMember,
    session: Session,
    response: Response,
    if_match: Annotated[str, Header()],
) -> ProjectView:
    values = body.model_dump(exclude_unset=True)
    project = await change_project(session, ChangeProject(project_id, managed_company(caller), if_match, values))
    response.headers["ETag"] = etag(project.sequence)
    return _view(project)


@router.post("/projects/{project_id}/close", summary="Close a project", openapi_extra=WRITE)
async def post_close(project_id: UUID, caller: StaffOrMember, session: Session) -> ProjectView:
    """Its orders stay. Closed already: nothing happens."""
    return _view(await close_project(session, project_id, managed_company(caller), clock.now()))
