"""Access tokens: short-lived JWTs with the claims that every service verifies by itself."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.ids import new_id
from chassis.keys import Signer
from contracts.identity.states import ACCESS_TOKEN_LIFE
from contracts.identity.tokens import AUDIENCE, ISSUER, MemberClaims, StaffClaims
from identity.sign_in.models import SignInSession
from identity.staff.models import StaffMember


@dataclass(frozen=True)
class AccessToken:
    """`expires_in`: seconds."""

    token: str
    expires_in: int


async def access_token(session: AsyncSession, signer: Signer, of: SignInSession, at: datetime) -> AccessToken:
    """A token for the next `ACCESS_TOKEN_LIFE`; an external's ends with his time (ID-21).

    Raises:
        NotYet: there is no signing key yet.
    """
    ends = at + ACCESS_TOKEN_LIFE
    said: StaffClaims | MemberClaims
    if of.member_id is None or of.company_id is None:
        grant = (await session.get_one(StaffMember, of.subject_id)).grant
        ends = min(ends, grant.until or ends)
        said = StaffClaims(
            sub=of.subject_id, sid=of.id, permissions=grant.permissions, representative=grant.representative
        )
    else:
        said = MemberClaims(
            sub=of.subject_id, sid=of.id, company=of.company_id, member=of.member_id, storefront=of.storefront
        )
    issued, expires = int(at.timestamp()), int(ends.timestamp())
    claims = said.model_dump(mode="json") | {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": issued,
        "exp": expires,
        "jti": str(new_id()),
    }
    return AccessToken(await signer.sign_token(session, claims, at), expires - issued)
