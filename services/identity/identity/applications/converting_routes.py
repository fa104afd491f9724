"""HTTP: a consumer turns his account into a business account (ID-08)."""

from typing import Annotated

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from chassis.clock import now
from chassis.context import act_as
from chassis.http.routing import ForgetfulRoute, Router, Session
from contracts.shared.values import Code, Language
from identity.applications.converting import ConvertAccount, convert_account, prove_account
from identity.applications.routes import PUBLIC, SubmittedAnswer
from identity.companies.routes import CompanyBody
from identity.sign_in.models import SubjectKind
from identity.sign_in.routes import DatabaseOfProcess, PasswordsOfProcess, PresentedPassword, network_of_request
from identity.sign_in.signing_in import Attempt

router = Router(prefix="/v1/consumer-applications", tags=["applications"], kind=ForgetfulRoute)


class ConsumerApplication(BaseModel):
    model_config = ConfigDict(extra="forbid")

    storefront: Code
    language: Language
    company: CompanyBody
    email: Annotated[str, Field(min_length=3, max_length=254)]
    """Of the consumer's account."""
    password: PresentedPassword


@router.post("", status_code=201, openapi_extra=PUBLIC)
async def post_consumer_application(
    body: ConsumerApplication,
    request: Request,
    database: DatabaseOfProcess,
    session: Session,
    passwords: PasswordsOfProcess,
    response: Response,
) -> SubmittedAnswer:
    """The owner of a registered account applies for a company of his. Guessing is slowed down: 429.

    Whether he then signs in with the same password or with another is the policy `consumer-accounts`.
    """
    at = now()
    email = body.email.strip().lower()
    attempt = Attempt(SubjectKind.MEMBER, email, body.password, network_of_request(request))
    contact_id = await prove_account(database, passwords, attempt, at)
    act_as(f"contact:{contact_id}")
    record = body.company.to_record(body.language)
    application = await convert_account(session, ConvertAccount(contact_id, body.storefront, record), at)
    response.headers["Location"] = f"/v1/applications/{application.id}"
    return SubmittedAnswer(application_id=application.id, number=application.number, company_id=application.company_id)
