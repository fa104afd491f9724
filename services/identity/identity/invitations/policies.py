"""How long an invitation waits."""

from datetime import timedelta

from chassis.policies import Policy
from contracts.shared.values import Elapsed


class InvitationPolicy(Policy):
    """Per storefront; copied into the invitation when it is issued."""

    remind_after: Elapsed | None = timedelta(days=3)
    """From issue or resending; None: no reminder."""
    expire_after: Elapsed = timedelta(days=14)
