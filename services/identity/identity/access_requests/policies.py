"""How long a request for access is kept."""

from datetime import timedelta

from chassis.policies import Policy
from contracts.shared.values import Elapsed


class AccessRequestPolicy(Policy):
    kept_for: Elapsed = timedelta(days=30)
    """One that nobody decided lapses then; one that is decided is forgotten so long after."""
