"""The only writers of projects."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Invalid, Problem
from chassis.http.etag import check_version
from chassis.ids import new_id
from contracts.shared.values import Code
from identity.coded import lock_coded
from identity.companies.commands import lock_company
from identity.members.models import Member
from identity.projects.models import Project


@dataclass(frozen=True)
class OpenProject:
    company_id: UUID
    contact_id: UUID | None
    code: Code
    name: str
    valid_from: date | None
    valid_until: date | None


async def open_project(session: AsyncSession, command: OpenProject, at: datetime) -> Project:
    """
    Raises:
        NotFound: no such company.
        Invalid: the contact is no member of it, or it ends before it begins.
        Conflict: the company has one of this code.
    """
    await lock_company(session, command.company_id)
    same = select(Project.id).where(Project.company_id == command.company_id, Project.code == command.code)
    if await session.scalar(same):
        raise Conflict("project-exists", "The company has a project of this code.")
    if command.contact_id is not None:
        await _check_member(session, command.company_id, command.contact_id)
    project = Project(id=new_id(), opened_at=at, **vars(command))
    session.add(project)
    project.open()
    return project


async def _check_member(session: AsyncSession, company_id: UUID, contact_id: UUID) -> None:
    of_company = select(Member.id).where(Member.company_id == company_id, Member.contact_id == contact_id)
    if await session.scalar(of_company.where(Member.active)) is None:
        problem = Problem("/contact_id", "contact-not-a-member", "The contact is no member of the company.")
        raise Invalid("contact-not-a-member", problem.detail, problems=[problem])


@dataclass(frozen=True)
class ChangeProject:
    project_id: UUID
    company_id: UUID | None
    """The only company in which to look; None: staff."""
    if_match: str
    values: dict[str, Any]
    """Columns and their new values."""


async def change_project(session: AsyncSession, command: ChangeProject) -> Project:
    """
    Raises:
        NotFound, StaleVersion.
        Conflict: it is closed.
        Invalid: it would end before it begins.
    """
    project = await lock_coded(session, Project, command.project_id, command.company_id)
    check_version(command.if_match, project.sequence)
    project.change(command.values)
    return project


async def close_project(session: AsyncSession, project_id: UUID, company_id: UUID | None, at: datetime) -> Project:
    """
    Raises:
        NotFound.
    """
    project = await lock_coded(session, Project, project_id, company_id)
    project.close(at)
    return project
