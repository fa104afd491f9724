"""Applications over HTTP: applying and answering for anybody, reviewing for the merchant's staff."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from chassis.clock import now
from chassis.context import act_as
from chassis.http.paging import Cursor, Limit, Page
from chassis.http.routing import Reading, Router, Session
from chassis.policies import policy
from chassis.service import resource
from contracts.identity.activities import ApplicationStatus
from contracts.identity.operations import staff_may
from contracts.identity.process_events import WithdrawnBecause
from contracts.identity.values import AfterApproval, RegistrationMode, RejectionReason, StaffPermission
from contracts.shared.links import LinkKeys
from contracts.shared.values import Code, Language, Moment
from identity.access import Staff
from identity.applications import commands, queries
from identity.applications.duplicates import Duplicate, find_duplicates
from identity.applications.filters import ApplicationFilter
from identity.applications.models import Application
from identity.companies.queries import CompanyAnswer
from identity.companies.routes import CompanyBody, ConditionsBody, Text
from identity.contacts.commands import CreateContact
from identity.contacts.email import Email
from identity.policies import RegistrationPolicy
from identity.searching import Search
from identity.sign_in.passwords import Passwords
from identity.staff.companies import own_companies

router = Router(prefix="/v1/applications", tags=["applications"])
questions_router = Router(prefix="/v1/application-questions", tags=["applications"])
routers = [router, questions_router]

PUBLIC = {"x-access": "public"}
Token = Annotated[str, Path(max_length=200, description="From the link in the mail")]
Reviewer = Annotated[
    Literal["me", "nobody"] | UUID | None, Query(description="Whose: `me`, `nobody`, or the id of a colleague")
]
Sort = Literal["submitted", "-submitted", "since", "-since", "number", "-number", "name", "-name"]
LongText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=r"^[^\x00]*$")
]


class ApplicantBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Text
    email: Email
    password: Annotated[str, Field(max_length=128)] | None = Field(
        None, description="Where the storefront enables who it approves; not where it invites"
    )


APPLICATION: JsonDict = {
    "storefront": "webshop",
    "language": "nl",
    "company": {
        "legal_name": "Bakkerij Jansen B.V.",
        "country": "NL",
        "vat_number": "NL004495445B01",
        "registration_number": "12345678",
        "addresses": [
            {
                "kind": "invoice",
                "address": {"line1": "Kade 1", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"},
            }
        ],
    },
    "applicant": {"name": "Jan de Vries", "email": "jan@bakkerij.example"},
}


class NewApplication(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [APPLICATION]})

    storefront: Code
    language: Language
    company: CompanyBody
    applicant: ApplicantBody


class SubmittedAnswer(BaseModel):
    application_id: UUID
    number: str
    company_id: UUID


class QuestionAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: int
    text: str
    asked_by: str
    asked_at: datetime
    answer: str | None
    answered_at: datetime | None


class HappenedAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    happened_at: datetime
    type: str = Field(description="Of the event")
    actor: str | None


class ApplicantAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    email: str
    language: Language
    verified_at: datetime | None


class ProposedAnswer(BaseModel):
    conditions: ConditionsBody
    price_list: str | None


class ApplicationAnswer(BaseModel):
    """Everything a reviewer needs, with what happens next and when."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str
    status: ApplicationStatus
    since: datetime
    storefront: str
    language: Language
    mode: RegistrationMode
    after_approval: AfterApproval
    submitted_at: datetime
    question_due_at: datetime | None = Field(description="When silence of the applicant ends it")
    remind_at: datetime | None = Field(description="When the reviewer or the applicant is reminded next")
    reminders: int
    reviewer: UUID | None = Field(description="Who of the staff looks after it")
    proposals: int = Field(description="Number of the last approval that was proposed")
    proposed: ProposedAnswer | None = Field(description="What an approval gives that waits for a second person")
    proposed_by: str | None
    proposed_at: datetime | None
    decision: int
    decided_by: str | None
    decided_at: datetime | None
    price_list: str | None
    returned: str | None
    rejection: RejectionReason | None
    comment: str | None
    withdrawn_because: WithdrawnBecause | None
    closed_at: datetime | None


class ReviewAnswer(ApplicationAnswer):
    company: CompanyAnswer
    applicant: ApplicantAnswer
    questions: list[QuestionAnswer]
    history: list[HappenedAnswer]
    duplicates: list[Duplicate]


class StatusAnswer(BaseModel):
    application_id: UUID
    status: ApplicationStatus
    decision: int
    proposal: int | None = Field(None, description="Number of the approval that waits for a second person")

    @classmethod
    def of(cls, application: Application) -> "StatusAnswer":
        return cls(
            application_id=application.id,
            status=application.status,
            decision=application.decision,
            proposal=application.waiting_proposal,
        )


class AskBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: LongText


class AskedAnswer(BaseModel):
    question: int


TERMS: JsonDict = {
    "groups": ["horeca"],
    "pays_by_invoice": True,
    "invoice_days": 30,
    "credit_limit": {"amount": "5000.00", "currency": "EUR"},
    "price_list": "wholesale-2026",
}


class ApproveBody(ConditionsBody):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [TERMS]})

    price_list: Code | None = None


class RejectBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: RejectionReason
    comment: LongText | None = Field(None, description="Stays inside; the applicant is told the reason")


class OpenQuestionAnswer(BaseModel):
    number: str
    question: int
    text: str
    due_at: datetime | None


class AnsweredAnswer(BaseModel):
    number: str
    question: int


@router.post("", status_code=201, openapi_extra=PUBLIC)
async def submit_application(
    body: NewApplication, session: Session, response: Response, passwords: Annotated[Passwords, resource(Passwords)]
) -> SubmittedAnswer:
    """A company applies for an account (ID-07). The merchant is told, the company waits as `pending_approval`."""
    applicant = body.applicant
    rules = await policy(session, RegistrationPolicy, body.storefront)
    await commands.check_may_apply(rules, applicant.email, with_password=applicant.password is not None)
    password_hash = None
    if applicant.password is not None:
        about = (applicant.email, applicant.name, body.company.legal_name)
        password_hash = await passwords.hash(applicant.password, pointer="/applicant/password", about=about)
    application = await commands.submit_application(
        session,
        commands.SubmitApplication(
            storefront=body.storefront,
            record=body.company.to_record(body.language),
            applicant=CreateContact(applicant.name, applicant.email, body.language),
            password_hash=password_hash,
        ),
        now(),
    )
    act_as(f"contact:{application.contact_id}")
    response.headers["Location"] = f"/v1/applications/{application.id}"
    return SubmittedAnswer(application_id=application.id, number=application.number, company_id=application.company_id)


@router.get("", openapi_extra=staff_may(StaffPermission.SEE_CUSTOMERS, for_own=True))
async def list_applications(
    connection: Reading,
    staff: Staff,
    status: ApplicationStatus | None = None,
    reviewer: Reviewer = None,
    storefront: Code | None = None,
    search: Annotated[Search, Query(description="Its number, or a part of name or numbers of its company")] = None,
    submitted_from: Moment | None = None,
    submitted_before: Moment | None = None,
    sort: Sort = "submitted",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[queries.ApplicationListed]:
    """Applications, the oldest first where nothing else is asked for; `status=waiting` are those that wait for you."""
    wanted = ApplicationFilter(
        status=status,
        reviewer=staff.sub if reviewer == "me" else reviewer,
        storefront=storefront,
        search=search,
        submitted_from=submitted_from,
        submitted_before=submitted_before,
    )
    return await queries.list_applications(
        connection, own_companies(staff), wanted, sort=sort, cursor=cursor, limit=limit
    )


@router.get("/{application_id}", openapi_extra=staff_may(StaffPermission.SEE_CUSTOMERS))
async def read_application(
    application_id: UUID, connection: Reading, caller: Staff, customer_number: Code | None = None
) -> ReviewAnswer:
    """One application with its dialogue, and the companies that may be the same customer.

    Name the `customer_number` you mean to give to see who has it.
    """
    found = await queries.read_application(connection, application_id)
    emails = [found.company.email, found.applicant.email]
    return ReviewAnswer(
        **ApplicationAnswer.model_validate(found.application).model_dump(),
        company=CompanyAnswer.model_validate(found.company),
        applicant=ApplicantAnswer.model_validate(found.applicant),
        questions=[QuestionAnswer.model_validate(row) for row in found.questions],
        history=[HappenedAnswer.model_validate(row) for row in found.history],
        duplicates=await find_duplicates(connection, own_companies(caller), found.company, emails, customer_number),
    )


@router.post(
    "/{application_id}/questions", status_code=201, openapi_extra=staff_may(StaffPermission.REVIEW_APPLICATIONS)
)
async def ask_question(
    application_id: UUID, body: AskBody, session: Session, response: Response, staff: Staff
) -> AskedAnswer:
    """Asks the applicant for more; he is mailed a link to answer, and reminded. Silence ends the application."""
    command = commands.AskQuestion(application_id, body.text, f"staff:{staff.sub}")
    application = await commands.ask_question(session, command, now())
    response.headers["Location"] = f"/v1/applications/{application.id}"
    return AskedAnswer(question=application.question)


@router.post("/{application_id}/approve", status_code=202, openapi_extra=staff_may(StaffPermission.REVIEW_APPLICATIONS))
async def approve_application(application_id: UUID, body: ApproveBody, session: Session, staff: Staff) -> StatusAnswer:
    """Says yes, or proposes it where such terms need a second person (`proposal` in the answer).

    The terms are given next; if that is refused (an unknown price list), it waits for you again.
    """
    command = commands.RequestApproval(application_id, body.to_conditions(), body.price_list, f"staff:{staff.sub}")
    application = await commands.request_approval(session, command, now())
    return StatusAnswer.of(application)


@router.post("/{application_id}/reject", openapi_extra=staff_may(StaffPermission.REVIEW_APPLICATIONS))
async def reject_application(application_id: UUID, body: RejectBody, session: Session, staff: Staff) -> StatusAnswer:
    """Says no; the applicant is told the coded reason in his language."""
    command = commands.RejectApplication(application_id, body.reason, body.comment, f"staff:{staff.sub}")
    application = await commands.reject_application(session, command, now())
    return StatusAnswer.of(application)


@router.post("/{application_id}/withdraw", openapi_extra=staff_may(StaffPermission.REVIEW_APPLICATIONS))
async def withdraw_application(application_id: UUID, session: Session, _: Staff) -> StatusAnswer:
    """Ends it without a decision."""
    application = await commands.withdraw_application(session, application_id, WithdrawnBecause.STAFF, now())
    return StatusAnswer.of(application)


@questions_router.get("/{token}", openapi_extra=PUBLIC)
async def read_question(
    token: Token, connection: Reading, keys: Annotated[LinkKeys, resource(LinkKeys)]
) -> OpenQuestionAnswer:
    """The question that a mailed link leads to; no account is needed."""
    found = await queries.open_question(connection, keys, token)
    return OpenQuestionAnswer(number=found.number, question=found.question, text=found.text, due_at=found.due_at)


@questions_router.post("/{token}/answer", openapi_extra=PUBLIC)
async def answer_question(
    token: Token, body: AskBody, session: Session, keys: Annotated[LinkKeys, resource(LinkKeys)]
) -> AnsweredAnswer:
    """Answers it, once."""
    found = await queries.open_question(session, keys, token)
    act_as(f"contact:{found.contact_id}")
    await commands.answer_question(
        session, commands.AnswerQuestion(found.application_id, found.question, body.text), now()
    )
    return AnsweredAnswer(number=found.number, question=found.question)
