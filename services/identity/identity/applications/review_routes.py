"""The staff's review over HTTP: who looks after an application, the second yes, and many decisions at once (ID-09)."""

from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header
from fastapi import Request as HttpRequest
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from chassis.clock import now
from chassis.http.routing import ForgetfulRoute, Router, Session
from contracts.identity.operations import staff_may
from contracts.identity.values import StaffPermission
from identity.access import Staff
from identity.applications import bulk_decisions, commands, reviewing
from identity.applications.bulk_decisions import Decision, Request, decide_all
from identity.applications.models import Application
from identity.applications.routes import TERMS, ApproveBody, RejectBody, StatusAnswer

router = Router(prefix="/v1/applications", tags=["applications"])
bulk_router = Router(prefix="/v1/application-decisions", tags=["applications"], kind=ForgetfulRoute)
"""Each decision keeps an answer of its own."""
routers = [router, bulk_router]
REVIEW = staff_may(StaffPermission.REVIEW_APPLICATIONS)


class GiveBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    staff_id: UUID


class ReviewerAnswer(BaseModel):
    application_id: UUID
    reviewer: UUID | None


class ProposalBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    proposal: int = Field(ge=1, description="Its number, as you read it")


APPROVAL: JsonDict = {"application_id": "019a2043-71b0-7600-b3a5-6b2089d37483", "verdict": "approve", **TERMS}


class Approval(ApproveBody):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [APPROVAL]})

    application_id: UUID
    verdict: Literal["approve"]


class Rejection(RejectBody):
    application_id: UUID
    verdict: Literal["reject"]


OneDecision = Annotated[Approval | Rejection, Field(discriminator="verdict")]


class DecisionsBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"decisions": [APPROVAL]}]})

    decisions: Annotated[list[OneDecision], Field(min_length=1, max_length=bulk_decisions.MOST)]

    @field_validator("decisions")
    @classmethod
    def _each_once(cls, decisions: list[Approval | Rejection]) -> list[Approval | Rejection]:
        if len({one.application_id for one in decisions}) < len(decisions):
            raise ValueError("an application is decided once")
        return decisions


class OutcomeAnswer(BaseModel):
    """What the request of this one application alone would have answered."""

    application_id: UUID
    status: int
    application: StatusAnswer | None = None
    problem: dict[str, Any] | None = Field(None, description="As of RFC 9457, where it was refused")


class DecisionsAnswer(BaseModel):
    outcomes: list[OutcomeAnswer] = Field(description="In the order of the request")


@router.post("/{application_id}/take", openapi_extra=REVIEW)
async def take_application(application_id: UUID, session: Session, staff: Staff) -> ReviewerAnswer:
    """It is yours to review. Refused with `application-taken` where a colleague has it."""
    return _reviewer(await reviewing.take_application(session, application_id, staff.sub, now()))


@router.post("/{application_id}/give", openapi_extra=REVIEW)
async def give_application(application_id: UUID, body: GiveBody, session: Session, _: Staff) -> ReviewerAnswer:
    """Gives it to a colleague, whoever has it."""
    return _reviewer(await reviewing.give_application(session, application_id, body.staff_id, now()))


@router.post("/{application_id}/release", openapi_extra=REVIEW)
async def release_application(application_id: UUID, session: Session, _: Staff) -> ReviewerAnswer:
    """It is nobody's again."""
    return _reviewer(await reviewing.release_application(session, application_id, now()))


def _reviewer(application: Application) -> ReviewerAnswer:
    return ReviewerAnswer(application_id=application.id, reviewer=application.reviewer)


@router.post("/{application_id}/confirm", status_code=202, openapi_extra=REVIEW)
async def confirm_approval(application_id: UUID, body: ProposalBody, session: Session, staff: Staff) -> StatusAnswer:
    """The second yes to an approval that a colleague proposed; its terms are given next."""
    command = reviewing.ConfirmApproval(application_id, body.proposal, f"staff:{staff.sub}")
    return StatusAnswer.of(await reviewing.confirm_approval(session, command, now()))


@router.post("/{application_id}/retract", openapi_extra=REVIEW)
async def retract_proposal(application_id: UUID, body: ProposalBody, session: Session, _: Staff) -> StatusAnswer:
    """Takes a proposed approval back, your own or a colleague's; the application waits for another decision."""
    return StatusAnswer.of(await reviewing.retract_proposal(session, application_id, body.proposal, now()))


@bulk_router.post("", openapi_extra=REVIEW)
async def decide_many(
    body: DecisionsBody,
    http: HttpRequest,
    staff: Staff,
    idempotency_key: Annotated[str | None, Header(description="Repeated after a failure, it does what is left")] = None,
) -> DecisionsAnswer:
    """Approves and rejects up to 100 applications, each by itself: what is refused stops none of the others."""
    request = Request(str(staff.sub), http.url.path, idempotency_key)
    decisions = [
        Decision(one.application_id, one.model_dump_json().encode(), _decide(one, staff)) for one in body.decisions
    ]
    outcomes = await decide_all(http.app.state.database, request, decisions)
    return DecisionsAnswer(outcomes=[OutcomeAnswer.model_validate(one) for one in outcomes])


def _decide(one: Approval | Rejection, staff: Staff) -> Any:
    actor = f"staff:{staff.sub}"
    if isinstance(one, Approval):
        approval = commands.RequestApproval(one.application_id, one.to_conditions(), one.price_list, actor)
        return partial(commands.request_approval, command=approval, at=now())
    rejection = commands.RejectApplication(one.application_id, one.reason, one.comment, actor)
    return partial(commands.reject_application, command=rejection, at=now())
