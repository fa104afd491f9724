"""HTTP: what the holder of an invitation's link does. The link is all that he needs; it proves his address."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chassis import clock
from chassis.context import act_as
from chassis.http.routing import Reading, Router, Session
from chassis.service import resource
from contracts.identity.activities import InvitationStatus
from contracts.shared.links import LinkKeys
from contracts.shared.values import Code, Language
from identity.invitations import queries
from identity.invitations.accepting import AcceptInvitation, accept_invitation, decline_by_link, read_link
from identity.members.routes import Name
from identity.roles.policies import roles_in_force
from identity.sign_in.passwords import LONGEST, Passwords
from identity.sign_in.routes import DatabaseOfProcess

router = Router(prefix="/v1/invitation-links", tags=["invitation links"])
PUBLIC: dict[str, Any] = {"x-access": "public"}
Token = Annotated[str, Path(max_length=200)]
Keys = Annotated[LinkKeys, resource(LinkKeys)]


class LinkPage(BaseModel):
    company_name: str
    role: Code
    role_name: str
    """In the language of the invitation."""
    status: InvitationStatus
    language: Language
    expires_at: AwareDatetime
    needs_password: bool
    """False: this address has an account with a password already."""


@router.get("/{token}", summary="What the invitation offers", openapi_extra=PUBLIC)
async def get_invitation_link(token: Token, keys: Keys, connection: Reading) -> LinkPage:
    """An unknown link, one of an earlier issue and one of a former address are all not found."""
    link = await read_link(connection, keys, token)
    shown = await queries.link_page(connection, link.invitation_id)
    role = (await roles_in_force(connection)).get(shown["role"])
    return LinkPage(**shown, role_name=role.name(shown["language"]) if role else shown["role"])


class Acceptance(BaseModel):
    model_config = ConfigDict(extra="forbid")

    password: Annotated[str, Field(max_length=LONGEST)] | None = None
    name: Name | None = None


class Accepted(BaseModel):
    member_id: UUID
    company_id: UUID


@router.post("/{token}/accept", summary="Accept the invitation", openapi_extra=PUBLIC)
async def post_accept(
    token: Token,
    body: Acceptance,
    keys: Keys,
    database: DatabaseOfProcess,
    session: Session,
    passwords: Annotated[Passwords, resource(Passwords)],
) -> Accepted:
    """Sets the password where the address has no account yet; the first administrator enables the company."""
    async with database.reading() as connection:
        link = await read_link(connection, keys, token)  # before the work of hashing
    hashed = await passwords.hash(body.password) if body.password else None
    act_as(f"contact:{link.contact_id}")
    command = AcceptInvitation(token=token, keys=keys, password_hash=hashed, name=body.name)
    member = await accept_invitation(session, command, clock.now())
    return Accepted(member_id=member.id, company_id=member.company_id)


class Declined(BaseModel):
    invitation_id: UUID


@router.post("/{token}/decline", summary="Decline the invitation", openapi_extra=PUBLIC)
async def post_decline(token: Token, keys: Keys, session: Session) -> Declined:
    """Who invited is told. Declined already: nothing happens."""
    link = await read_link(session, keys, token)
    act_as(f"contact:{link.contact_id}")
    return Declined(invitation_id=(await decline_by_link(session, keys, token, clock.now())).id)
