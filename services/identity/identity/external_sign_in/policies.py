"""For whom the issuer replaces passwords."""

from chassis.errors import DomainError, Forbidden
from chassis.policies import Policy
from identity.sign_in.models import SignInMeans, SubjectKind


class ExternalSignInPolicy(Policy):
    """Which issuer it is, is told by the operator (`COUNTERSIGN_EXTERNAL_ISSUER`): staff who could name one could let it
    say that they are somebody else."""

    staff: bool = False
    members: bool = False

    def refusal(self, kind: SubjectKind, means: SignInMeans) -> DomainError | None:
        """Either passwords or the issuer, for signing in and for renewing a session that was opened in the other way."""
        external = self.staff if kind is SubjectKind.STAFF else self.members
        if external and means is not SignInMeans.ISSUER:
            return Forbidden("password-sign-in-off", "Sign in with the merchant's identity provider.")
        if not external and means is SignInMeans.ISSUER:
            return Forbidden("external-sign-in-off", "Sign in with your password.")
        return None
