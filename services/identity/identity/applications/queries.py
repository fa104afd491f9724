"""The only readers of applications behind HTTP, and of what `reconcile` compares."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.errors import Conflict, NotFound
from chassis.http.paging import Page
from chassis.processes import ProcessStart
from contracts.identity.activities import TASK_QUEUE, ApplicationStatus
from contracts.identity.processes import ACCOUNT_APPROVAL, StartAccountApproval, account_approval_id
from contracts.identity.values import LinkPurpose
from contracts.shared.links import LinkKeys
from identity.activity_log.models import activity_table
from identity.applications.filters import SORTING, ApplicationFilter
from identity.applications.models import OPEN, Application, Question
from identity.companies.models import Company
from identity.contacts.models import Contact
from identity.sorting import sorted_page

MOST_QUESTIONS = 1_000_000
"""Of one application; a token that names more is not one of ours."""

applications, questions = Application.__table__, Question.__table__
companies, contacts = Company.__table__, Contact.__table__

LISTED = (
    applications.c.id,
    applications.c.number,
    applications.c.status,
    applications.c.storefront,
    applications.c.submitted_at,
    applications.c.since,
    applications.c.returned,
    applications.c.reviewer,
    applications.c.proposed_by,
    companies.c.id.label("company_id"),
    companies.c.legal_name,
    companies.c.country,
)


class ApplicationListed(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str
    status: ApplicationStatus
    storefront: str
    submitted_at: datetime
    since: datetime
    returned: str | None = Field(description="Why the last decision could not be carried out")
    reviewer: UUID | None
    proposed_by: str | None = Field(
        description="Who proposed the approval that waits for, or was given by, a second person"
    )
    company_id: UUID
    legal_name: str
    country: str


async def list_applications(
    connection: AsyncConnection,
    seen: ColumnElement[bool],
    wanted: ApplicationFilter,
    *,
    sort: str,
    cursor: str | None,
    limit: int,
) -> Page[ApplicationListed]:
    """
    Args:
        seen: of which companies.

    Raises:
        Invalid: the cursor is not one of this list in this order.
    """
    query = select(*LISTED).join(companies, companies.c.id == applications.c.company_id).where(seen)
    query = query.where(*wanted.conditions())
    rows = await SORTING.rows(connection, query, sort=sort, cursor=cursor, limit=limit)
    return sorted_page(ApplicationListed, rows, sort, limit)


@dataclass(frozen=True)
class UnderReview:
    application: Row[Any]
    company: Row[Any]
    applicant: Row[Any]
    questions: list[Row[Any]]
    history: Sequence[Any]
    """From the activity log, oldest first."""


async def read_application(connection: AsyncConnection, application_id: UUID) -> UnderReview:
    """
    Raises:
        NotFound: there is none.
    """
    application = (await connection.execute(select(applications).where(applications.c.id == application_id))).first()
    if application is None:
        raise NotFound
    company = await connection.execute(select(companies).where(companies.c.id == application.company_id))
    applicant = await connection.execute(select(contacts).where(contacts.c.id == application.contact_id))
    asked = await connection.execute(
        select(questions).where(questions.c.application_id == application_id).order_by(questions.c.number)
    )
    log = activity_table.c
    history = await connection.execute(
        select(log.happened_at, log.type, log.actor)
        .where(log.company_id == application.company_id, log.subject == str(application_id))
        .order_by(log.id)
    )
    return UnderReview(application, company.one(), applicant.one(), list(asked.all()), history.all())


@dataclass(frozen=True)
class OpenQuestion:
    application_id: UUID
    contact_id: UUID
    number: str
    question: int
    text: str
    due_at: datetime | None


async def open_question(connection: AsyncConnection | AsyncSession, keys: LinkKeys, token: str) -> OpenQuestion:
    """The question that a mailed link leads to.

    Raises:
        NotFound: the token is not one of ours, or was made for another address.
        Conflict: `question-answered`, or `question-closed` when nobody waits for the answer any more.
    """
    try:
        application_id, number = keys.read(token)
    except ValueError as error:
        raise NotFound from error
    if not 0 < number <= MOST_QUESTIONS:
        raise NotFound
    row = (
        await connection.execute(
            select(applications.c.id, applications.c.number, applications.c.status, applications.c.question)
            .add_columns(applications.c.question_due_at, applications.c.contact_id, contacts.c.email)
            .add_columns(questions.c.text, questions.c.answered_at)
            .join(contacts, contacts.c.id == applications.c.contact_id)
            .join(questions, questions.c.application_id == applications.c.id)
            .where(applications.c.id == application_id, questions.c.number == number)
        )
    ).first()
    if row is None or not keys.verify(token, LinkPurpose.ANSWER, row.email):
        raise NotFound
    if row.answered_at is not None:
        raise Conflict("question-answered", "This question was answered already.")
    if row.status is not ApplicationStatus.ASKED or row.question != number:
        raise Conflict("question-closed", "Nobody waits for this answer any more.")
    return OpenQuestion(row.id, row.contact_id, row.number, number, row.text, row.question_due_at)


def approval_process(application_id: UUID, number: str, company_number: str) -> ProcessStart:
    """How the process of one application is started."""
    return ProcessStart(
        workflow=ACCOUNT_APPROVAL,
        id=account_approval_id(number),
        task_queue=TASK_QUEUE,
        argument=StartAccountApproval(application_id=application_id, number=number, company_number=company_number),
        summary=f"Application {number} of company {company_number}",
        company_number=company_number,
    )


async def expected_approvals(session: AsyncSession) -> list[ProcessStart]:
    """For `reconcile`: every open application has its process."""
    rows = await session.execute(
        select(applications.c.id, applications.c.number, applications.c.company_number)
        .where(applications.c.status.in_(OPEN))
        .order_by(applications.c.id)
    )
    return [approval_process(row.id, row.number, row.company_number) for row in rows.all()]
