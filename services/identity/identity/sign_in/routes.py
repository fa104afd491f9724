"""HTTP: sessions, verification and reset of passwords, and the keys that verify access tokens."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from sqlalchemy.ext.asyncio import AsyncSession

from chassis import clock
from chassis.context import act_as
from chassis.database import Database
from chassis.errors import Unauthenticated
from chassis.http.authentication import claims_of
from chassis.http.routing import ForgetfulRoute, HotForgetfulRoute, Reading, Router, Session
from chassis.keys import Signer, public_key_set
from chassis.service import resource
from contracts.identity.operations import SIGNED_IN_ONLY
from contracts.identity.tokens import claims_adapter
from contracts.shared.links import LinkKeys
from contracts.shared.values import Code
from identity.contacts.email import Email
from identity.second_factor.challenges import CHALLENGE_LIFE, Challenged, Next
from identity.sign_in.commands import (
    UseLink,
    change_password,
    check_reset_link,
    request_reset_of,
    reset_password,
    verify_address,
)
from identity.sign_in.confirming import Confirmation, confirm_password
from identity.sign_in.current import Own, client_of
from identity.sign_in.ending import sign_out
from identity.sign_in.models import SubjectKind
from identity.sign_in.passwords import LONGEST, Passwords
from identity.sign_in.queries import known_of
from identity.sign_in.signing_in import Attempt, Opened, renew, sign_in
from identity.sign_in.throttling import network_of
from identity.sign_in.tokens import access_token

router = Router(prefix="/v1", tags=["sign-in"], kind=ForgetfulRoute)
opening = Router(prefix="/v1/sessions", tags=["sign-in"], kind=HotForgetfulRoute)
PUBLIC: dict[str, Any] = {"x-access": "public"}


async def _database(request: Request) -> Database:
    return request.app.state.database  # type: ignore[no-any-return]


DatabaseOfProcess = Annotated[Database, Depends(_database)]
"""For what needs a transaction of its own beside the request's."""
PasswordsOfProcess = Annotated[Passwords, resource(Passwords)]
SignerOfProcess = Annotated[Signer, resource(Signer)]
Keys = Annotated[LinkKeys, resource(LinkKeys)]
PresentedPassword = Annotated[str, Field(min_length=1, max_length=LONGEST)]


CREDENTIALS: JsonDict = {"kind": "member", "email": "bram@bakkerij.example", "password": "correct horse battery"}


class Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [CREDENTIALS]})

    kind: SubjectKind
    email: Annotated[str, Field(min_length=3, max_length=254)]
    password: PresentedPassword
    company_id: UUID | None = None
    """Needed of a member of several companies."""
    storefront: Code | None = None
    """Which to enter; none named: that of the company. Staff open none."""


class Tokens(BaseModel):
    access_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: int
    """Seconds."""
    refresh_token: str
    """Good once; the answer to its use holds the next."""
    member_id: UUID | None = None
    company_id: UUID | None = None
    storefront: Code | None = None
    """For which prices are shown and orders taken with this session."""


class SecondFactorNeeded(BaseModel):
    challenge: str
    """For `POST /v1/sessions/second-factor`, and for nothing else; good once."""
    next: Next
    expires_in: int
    """Seconds."""


async def tokens_of(session: AsyncSession, signer: Signer, opened: Opened, at: datetime) -> Tokens:
    access = await access_token(session, signer, opened.session, at)
    return Tokens(
        access_token=access.token,
        expires_in=access.expires_in,
        refresh_token=opened.refresh_token,
        member_id=opened.session.member_id,
        company_id=opened.session.company_id,
        storefront=opened.session.storefront,
    )


def network_of_request(request: Request) -> str:
    return network_of(request.client.host if request.client else None)


@opening.post(
    "",
    status_code=201,
    summary="Sign in",
    response_model=Tokens,
    responses={202: {"model": SecondFactorNeeded, "description": "The password is right; a code is needed"}},
    openapi_extra=PUBLIC,
)
async def post_session(
    body: Credentials,
    request: Request,
    database: DatabaseOfProcess,
    session: Session,
    passwords: PasswordsOfProcess,
    signer: SignerOfProcess,
) -> Response:
    """The same answer, after the same work, whether the account exists or not. Guessing is slowed down: 429."""
    at = clock.now()
    attempt = Attempt(
        kind=body.kind,
        email=body.email.strip().lower(),
        password=body.password,
        network=network_of_request(request),
        company_id=body.company_id,
        storefront=body.storefront,
        client=client_of(request),
    )
    opened = await sign_in(database, passwords, attempt, at)
    if isinstance(opened, Challenged):
        expires_in = int(CHALLENGE_LIFE.total_seconds())
        needed = SecondFactorNeeded(challenge=opened.token, next=opened.next, expires_in=expires_in)
        return JSONResponse(needed.model_dump(mode="json"), 202)
    tokens = await tokens_of(session, signer, opened, at)
    return Response(tokens.model_dump_json(), 201, {"Location": "/v1/sessions/current"}, "application/json")


class Refresh(BaseModel):
    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


@router.post("/sessions/refresh", summary="The next tokens of a session", openapi_extra=PUBLIC)
async def post_refresh(body: Refresh, database: DatabaseOfProcess, session: Session, signer: SignerOfProcess) -> Tokens:
    """For who may still sign in. A refresh token that comes twice ends its session."""
    at = clock.now()
    return await tokens_of(session, signer, await renew(database, body.refresh_token, at), at)


@router.delete("/sessions/current", status_code=204, summary="Sign out", openapi_extra=SIGNED_IN_ONLY)
async def delete_session(request: Request, session: Session) -> None:
    """Also for who may not sign in any more."""
    claims = await claims_of(request)
    if claims is None:
        raise Unauthenticated("token-missing", "An access token is needed here.")
    await sign_out(session, claims_adapter.validate_python(claims).sid, clock.now())


class Verification(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(max_length=200)]


class Verified(BaseModel):
    contact_id: UUID


@router.post("/verifications", summary="Prove an address by the link mailed to it", openapi_extra=PUBLIC)
async def post_verification(body: Verification, session: Session, keys: Keys) -> Verified:
    """The link is good once: `link-invalid`."""
    link = UseLink(body.token, keys)
    act_as_holder(link)
    contact = await verify_address(session, link, clock.now())
    return Verified(contact_id=contact.id)


def act_as_holder(link: UseLink) -> None:
    """Whoever uses the link is the contact, or the command refuses it."""
    if link.claimed_by:
        act_as(f"contact:{link.claimed_by}")


class ResetRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: Email


class Requested(BaseModel):
    accepted: bool = True


@router.post("/password-resets", status_code=202, summary="Ask for a new password", openapi_extra=PUBLIC)
async def post_password_reset(body: ResetRequest, session: Session) -> Requested:
    """The same answer whether the address has an account or not; if it has, a link is mailed to it."""
    await request_reset_of(session, body.email, clock.now())
    return Requested()


class NewPassword(Verification):
    password: Annotated[str, Field(max_length=LONGEST)]


@router.post("/password-resets/confirm", summary="Choose a new password", openapi_extra=PUBLIC)
async def post_new_password(
    body: NewPassword,
    database: DatabaseOfProcess,
    session: Session,
    keys: Keys,
    passwords: PasswordsOfProcess,
) -> Verified:
    """Sessions that are open end. The link is good once: `link-invalid`."""
    link = UseLink(body.token, keys)
    async with database.reading() as connection:
        await check_reset_link(connection, link)  # before the work of hashing
    hashed = await passwords.hash(body.password)
    act_as_holder(link)
    contact = await reset_password(session, link, hashed, clock.now())
    return Verified(contact_id=contact.id)


class PasswordChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    current_password: PresentedPassword
    password: Annotated[str, Field(max_length=LONGEST)]


@router.post("/password", status_code=204, summary="Change one's password", openapi_extra=SIGNED_IN_ONLY)
async def post_password(
    body: PasswordChange,
    own: Own,
    request: Request,
    database: DatabaseOfProcess,
    session: Session,
    passwords: PasswordsOfProcess,
) -> None:
    """Whoever knows the present one. His other sessions end. Guessing is slowed down: 429."""
    at = clock.now()
    confirmation = Confirmation(own, body.current_password, network_of_request(request))
    known_hash = await confirm_password(database, passwords, confirmation, at)
    async with database.reading() as connection:
        about = await known_of(connection, own.kind, own.subject_id)
    hashed = await passwords.hash(body.password, about=about)
    await change_password(session, own, known_hash, hashed, at)


@router.get("/keys", summary="Keys that verify access tokens (JWKS)", openapi_extra=PUBLIC)
async def get_keys(connection: Reading) -> dict[str, Any]:
    return await public_key_set(connection, clock.now(), "identity")
