"""Access tokens: short-lived JWTs with the claims that every service verifies by itself."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.ids import new_id
from chassis.keys import Signer
from contracts.identity.states import ACCESS_TOKEN_LIFE
from contracts.identity.tokens import AUDIENCE, ISSUER, MemberClaims, StaffClaims
from identity.sign_in.models import SignInSession


def claims_of_session(of: SignInSession) -> StaffClaims | MemberClaims:
    if of.member_id is None or of.company_id is None:
        return StaffClaims(sub=of.subject_id, sid=of.id)
    return MemberClaims(sub=of.subject_id, sid=of.id, company=of.company_id, member=of.member_id)


async def access_token(session: AsyncSession, signer: Signer, of: SignInSession, at: datetime) -> str:
    """A token for the next `ACCESS_TOKEN_LIFE`.

    Raises:
        NotYet: there is no signing key yet.
    """
    issued = int(at.timestamp())
    claims = claims_of_session(of).model_dump(mode="json") | {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": issued,
        "exp": issued + int(ACCESS_TOKEN_LIFE.total_seconds()),
        "jti": str(new_id()),
    }
    return await signer.sign_token(session, claims, at)
