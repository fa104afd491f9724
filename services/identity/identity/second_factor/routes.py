"""HTTP: a person's second factor, the second step of signing in, and staff who help after a loss."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis import clock
from chassis.http.routing import ForgetfulRoute, Reading, Router, Session
from chassis.policies import policy
from chassis.service import resource
from contracts.identity.operations import SIGNED_IN_ONLY, staff_may
from contracts.identity.values import StaffPermission
from identity.access import Staff
from identity.second_factor.attempts import count_code
from identity.second_factor.codes import SecretBox, provisioning_uri
from identity.second_factor.commands import (
    begin_enrolment,
    check_offered,
    confirm_enrolment,
    remove_of_person,
    remove_own,
    strengthen,
)
from identity.second_factor.completing import Completion, complete, enrol_by_challenge
from identity.second_factor.policies import SecondFactorPolicy
from identity.second_factor.queries import factor_of
from identity.sign_in.confirming import Confirmation, confirm_password
from identity.sign_in.current import Own
from identity.sign_in.models import SubjectKind
from identity.sign_in.queries import known_of
from identity.sign_in.routes import (
    PUBLIC,
    DatabaseOfProcess,
    PasswordsOfProcess,
    PresentedPassword,
    SignerOfProcess,
    Tokens,
    network_of_request,
    tokens_of,
)

router = Router(prefix="/v1", tags=["sign-in"], kind=ForgetfulRoute)

Box = Annotated[SecretBox, resource(SecretBox)]
Code = Annotated[str, Field(min_length=6, max_length=40, examples=["492039"])]
"""Of the device, or a recovery code."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Factor(BaseModel):
    enabled: bool
    since: AwareDatetime | None = None
    recovery_codes_left: int = 0


class Secret(BaseModel):
    otpauth_uri: str
    """For a QR code; shown this once."""


class RecoveryCodes(BaseModel):
    recovery_codes: list[str]
    """Each good once, instead of a code; shown this once."""


async def _secret(session: AsyncSession, kind: SubjectKind, subject_id: UUID, secret: str) -> Secret:
    _, account = await known_of(session, kind, subject_id)
    issuer = (await policy(session, SecondFactorPolicy)).shown_as
    return Secret(otpauth_uri=provisioning_uri(secret, account=account, issuer=issuer))


# -- one's own ---------------------------------------------------------------------------------------------------------


@router.get("/second-factor", summary="Whether the caller has a second factor", openapi_extra=SIGNED_IN_ONLY)
async def get_factor(own: Own, connection: Reading) -> Factor:
    row = await factor_of(connection, own.subject_id)
    if row is None:
        return Factor(enabled=False)
    return Factor(enabled=True, since=row.confirmed_at, recovery_codes_left=row.recovery_codes_left)


class Enrolment(_Body):
    password: PresentedPassword


@router.post("/second-factor", status_code=201, summary="Begin with a second factor", openapi_extra=SIGNED_IN_ONLY)
async def post_factor(
    body: Enrolment,
    own: Own,
    request: Request,
    database: DatabaseOfProcess,
    session: Session,
    passwords: PasswordsOfProcess,
    box: Box,
) -> Secret:
    """The secret counts once `/v1/second-factor/confirm` has had its first code. Refused: `second-factor-off`,
    `second-factor-enabled`."""
    at = clock.now()
    await confirm_password(database, passwords, Confirmation(own, body.password, network_of_request(request)), at)
    await check_offered(session, own.kind, own.member_id)
    secret = await begin_enrolment(session, box, own.subject_id, at)
    return await _secret(session, own.kind, own.subject_id, secret)


class FirstCode(_Body):
    code: Code


@router.post("/second-factor/confirm", summary="The first code: from now on it counts", openapi_extra=SIGNED_IN_ONLY)
async def post_confirmation(
    body: FirstCode, own: Own, request: Request, database: DatabaseOfProcess, session: Session, box: Box
) -> RecoveryCodes:
    """The person's other sessions end, since they were opened without."""
    at, network = clock.now(), network_of_request(request)
    await count_code(database, own.kind, own.subject_id, network, at)
    codes = await confirm_enrolment(session, box, own.kind, own.subject_id, body.code, at)
    await strengthen(session, own, network, at)
    return RecoveryCodes(recovery_codes=codes)


class Removal(_Body):
    password: PresentedPassword
    code: Code


@router.post(
    "/second-factor/remove", status_code=204, summary="Do without a second factor", openapi_extra=SIGNED_IN_ONLY
)
async def post_removal(
    body: Removal,
    own: Own,
    request: Request,
    database: DatabaseOfProcess,
    session: Session,
    passwords: PasswordsOfProcess,
    box: Box,
) -> None:
    """With the password and a code, as for another device. The person's other sessions end."""
    at, network = clock.now(), network_of_request(request)
    await confirm_password(database, passwords, Confirmation(own, body.password, network), at)
    await count_code(database, own.kind, own.subject_id, network, at)
    await remove_own(session, box, own, body.code, network, at)


# -- the second step of signing in -------------------------------------------------------------------------------------


class ChallengeBody(_Body):
    challenge: Annotated[str, Field(min_length=1, max_length=200)]


class Answer(ChallengeBody):
    code: Code


class TokensOfSecondStep(Tokens):
    recovery_codes: list[str] | None = None
    """Where this sign-in was the enrolment; shown this once."""


@router.post("/sessions/second-factor", status_code=201, summary="Sign in: the second step", openapi_extra=PUBLIC)
async def post_code(
    body: Answer,
    request: Request,
    database: DatabaseOfProcess,
    session: Session,
    signer: SignerOfProcess,
    box: Box,
    response: Response,
) -> TokensOfSecondStep:
    """A code is good once, and so is the challenge. Guessing is slowed down: 429."""
    at = clock.now()
    given = Completion(body.challenge, body.code, network_of_request(request))
    completed = await complete(database, box, given, at)
    response.headers["Location"] = "/v1/sessions/current"
    tokens = await tokens_of(session, signer, completed.opened, at)
    return TokensOfSecondStep(**tokens.model_dump(), recovery_codes=completed.recovery_codes)


@router.post(
    "/sessions/second-factor/enrolment",
    status_code=201,
    summary="Sign in: a secret for who needs one",
    openapi_extra=PUBLIC,
)
async def post_enrolment(body: ChallengeBody, session: Session, box: Box) -> Secret:
    """For a challenge whose `next` is `enrol`; its first code goes to `/v1/sessions/second-factor`."""
    awaited, secret = await enrol_by_challenge(session, box, body.challenge, clock.now())
    return await _secret(session, awaited.kind, awaited.subject_id, secret)


# -- after a loss ------------------------------------------------------------------------------------------------------


@router.delete(
    "/contacts/{contact_id}/second-factor",
    status_code=204,
    summary="Remove a contact's second factor",
    openapi_extra=staff_may(StaffPermission.MANAGE_MEMBERS),
)
async def delete_of_contact(contact_id: UUID, caller: Staff, session: Session) -> None:
    """For who lost his device and his recovery codes, and has shown who he is. All his sessions end."""
    await remove_of_person(session, SubjectKind.MEMBER, contact_id, caller.sub, clock.now())


@router.delete(
    "/staff/{staff_id}/second-factor",
    status_code=204,
    summary="Remove a colleague's second factor",
    openapi_extra=staff_may(StaffPermission.MANAGE_STAFF),
)
async def delete_of_staff(staff_id: UUID, caller: Staff, session: Session) -> None:
    """Not one's own: `not-of-oneself`."""
    await remove_of_person(session, SubjectKind.STAFF, staff_id, caller.sub, clock.now())
