"""Claims of an access token (JWT, ES256), verified by every service on its own with identity's published keys."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Discriminator, TypeAdapter

ISSUER = "countersign-identity"
AUDIENCE = "countersign"


class _Claims(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    sub: UUID
    """The staff member's or contact's id."""
    sid: UUID
    """The session, which ends by sign-out or revocation."""


class StaffClaims(_Claims):
    """One of the merchant's people."""

    kind: Literal["staff"] = "staff"


class MemberClaims(_Claims):
    """A member of a company. What it may do is not in the token: each service asks its own projection of the member."""

    kind: Literal["member"] = "member"
    company: UUID
    member: UUID


Claims = Annotated[StaffClaims | MemberClaims, Discriminator("kind")]
claims_adapter: TypeAdapter[StaffClaims | MemberClaims] = TypeAdapter(Claims)
