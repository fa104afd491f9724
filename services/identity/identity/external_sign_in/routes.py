"""HTTP: to the issuer and back. This service redirects nobody: the merchant's own pages do, to where it says."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from chassis import clock
from chassis.http.routing import ForgetfulRoute, Router, Session
from chassis.service import resource
from contracts.shared.values import Code
from identity.external_sign_in.commands import ATTEMPT_LIFE, Begin, Finish, begin, finish
from identity.external_sign_in.issuer import Issuer
from identity.sign_in.current import client_of
from identity.sign_in.models import SubjectKind
from identity.sign_in.routes import PUBLIC, DatabaseOfProcess, SignerOfProcess, Tokens, network_of_request, tokens_of

router = Router(prefix="/v1/sessions/external", tags=["sign-in"], kind=ForgetfulRoute)
IssuerOfProcess = Annotated[Issuer, resource(Issuer)]


class Beginning(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: SubjectKind
    return_to: Annotated[str, Field(min_length=1, max_length=500)]
    """One of the addresses that the operator has named."""
    company_id: UUID | None = None
    """Needed of a member of several companies."""
    storefront: Code | None = None


class Attempt(BaseModel):
    authorization_url: str
    """Where the browser goes now."""
    attempt: str
    """The browser keeps it out of every address, and shows it when it comes back; good once."""
    expires_in: int
    """Seconds."""


@router.post("", status_code=201, summary="Sign in at the identity provider", openapi_extra=PUBLIC)
async def post_attempt(body: Beginning, request: Request, session: Session, issuer: IssuerOfProcess) -> Attempt:
    """Refused with 429 while very many of one network are under way."""
    command = Begin(body.kind, network_of_request(request), body.return_to, body.company_id, body.storefront)
    begun = await begin(session, issuer, command, clock.now())
    expires_in = int(ATTEMPT_LIFE.total_seconds())
    return Attempt(authorization_url=begun.authorization_url, attempt=begun.secret, expires_in=expires_in)


class Return(BaseModel):
    model_config = ConfigDict(extra="forbid")

    attempt: Annotated[str, Field(min_length=1, max_length=200)]
    state: Annotated[str, Field(max_length=500)]
    code: Annotated[str, Field(min_length=1, max_length=4000)]


@router.post("/finish", status_code=201, summary="Back from the identity provider", openapi_extra=PUBLIC)
async def post_return(
    body: Return,
    request: Request,
    database: DatabaseOfProcess,
    session: Session,
    signer: SignerOfProcess,
    issuer: IssuerOfProcess,
    response: Response,
) -> Tokens:
    """With `state` and `code` as the issuer gave them to the browser that began."""
    at = clock.now()
    command = Finish(body.attempt, body.state, body.code, client_of(request))
    opened = await finish(database, issuer, command, at)
    response.headers["Location"] = "/v1/sessions/current"
    return await tokens_of(session, signer, opened, at)
