"""For whom the issuer replaces passwords."""

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import DomainError, Forbidden
from chassis.policies import Policy, policy
from identity.sign_in.models import SignInMeans, SubjectKind


class ExternalSignInPolicy(Policy):
    """Which issuer it is, is told by the operator (`COUNTERSIGN_EXTERNAL_ISSUER`): staff who could name one could let it
    say that they are somebody else."""

    staff: bool = False
    members: bool = False


async def refusal_of_means(session: AsyncSession, kind: SubjectKind, means: SignInMeans) -> DomainError | None:
    """Either passwords or the issuer, for signing in and for renewing a session that was opened in the other way."""
    current = await policy(session, ExternalSignInPolicy)
    external = current.staff if kind is SubjectKind.STAFF else current.members
    if external and means is not SignInMeans.ISSUER:
        return Forbidden("password-sign-in-off", "Sign in with the merchant's identity provider.")
    if not external and means is SignInMeans.ISSUER:
        return Forbidden("external-sign-in-off", "Sign in with your password.")
    return None
