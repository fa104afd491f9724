"""Claims of an access token (JWT, ES256), verified by every service on its own with identity's published keys."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Discriminator, TypeAdapter

from contracts.identity.values import StaffPermission
from contracts.shared.values import Code

ISSUER = "countersign-identity"
AUDIENCE = "countersign"


class _Claims(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    sub: UUID
    """The staff member's or contact's id."""
    sid: UUID
    """The session, which ends by sign-out or revocation."""


class StaffClaims(_Claims):
    """One of the merchant's people, and what he may do until the token ends (ID-21)."""

    kind: Literal["staff"] = "staff"
    permissions: frozenset[str] = frozenset()
    """Of `StaffPermission`, or of a later release."""
    representative: Code | None = None
    """His code as a sales representative (ID-20)."""

    @property
    def sees_all_companies(self) -> bool:
        return StaffPermission.SEE_ALL_COMPANIES in self.permissions

    def sees(self, sales_representative: str | None) -> bool:
        """Whether a company with this sales representative, or with none, exists for him (ID-20)."""
        is_his = self.representative is not None and self.representative == sales_representative
        return self.sees_all_companies or is_his


class MemberClaims(_Claims):
    """A member of a company. What it may do is not in the token: each service asks its own projection of the member."""

    kind: Literal["member"] = "member"
    company: UUID
    member: UUID
    storefront: Code | None = None
    """The one that he signed in at; None: that of his company."""


Claims = Annotated[StaffClaims | MemberClaims, Discriminator("kind")]
claims_adapter: TypeAdapter[StaffClaims | MemberClaims] = TypeAdapter(Claims)
