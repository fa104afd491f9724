"""Which customer status follows from which facts, in one place."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from contracts.identity.values import CustomerStatus


class ApplicationOutcome(StrEnum):
    """Of the latest application; a withdrawn one counts as none."""

    NONE = "none"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Facts:
    """
    Attributes:
        first_invitation_live: an invitation of its first administrator is out.
        has_price_list: pricing says that a list valid now is assigned to it or to a group of its.
        merged: it is another company now, for good (ID-26).
    """

    application_outcome: ApplicationOutcome = ApplicationOutcome.NONE
    first_invitation_live: bool = False
    accepted_at: datetime | None = None
    suspended_at: datetime | None = None
    has_price_list: bool = False
    merged: bool = False


def customer_status(facts: Facts) -> CustomerStatus:
    """The heaviest fact decides: reactivating somebody who never accepted does not enable him."""
    if facts.merged:
        return CustomerStatus.MERGED
    if facts.suspended_at:
        return CustomerStatus.DISABLED
    if facts.application_outcome is ApplicationOutcome.REJECTED:
        return CustomerStatus.REJECTED
    if facts.application_outcome is ApplicationOutcome.PENDING:
        return CustomerStatus.PENDING_APPROVAL
    if facts.accepted_at:
        return CustomerStatus.ENABLED
    if facts.application_outcome is ApplicationOutcome.APPROVED:
        return CustomerStatus.REGISTERED
    if facts.first_invitation_live:
        return CustomerStatus.INVITED
    if facts.has_price_list:
        return CustomerStatus.NOT_INVITED
    return CustomerStatus.NONE


def what_next(facts: Facts, at: datetime) -> dict[str, CustomerStatus]:
    """Which further facts would change the status now, and to what. `at` stands for the moment they would come true."""
    invited = replace(facts, first_invitation_live=True)
    accepted = replace(facts, accepted_at=at, first_invitation_live=False)
    possible = {
        "suspended": replace(facts, suspended_at=at),
        "reactivated": replace(facts, suspended_at=None),
        "price-list-given": replace(facts, has_price_list=True),
        "price-list-gone": replace(facts, has_price_list=False),
    }
    if facts.application_outcome is ApplicationOutcome.PENDING:
        possible |= {
            f"application-{outcome.value}": replace(facts, application_outcome=outcome)
            for outcome in (ApplicationOutcome.APPROVED, ApplicationOutcome.REJECTED)
        }
        possible["application-withdrawn"] = replace(facts, application_outcome=ApplicationOutcome.NONE)
    if facts.accepted_at is None:
        possible["invitation-issued"] = invited
    if facts.first_invitation_live:
        possible |= {"accepted": accepted, "invitation-ended": replace(facts, first_invitation_live=False)}
    now = customer_status(facts)
    return {fact: status for fact, then in possible.items() if (status := customer_status(then)) is not now}


WHY = {
    CustomerStatus.NONE: "It has no price list and no open application.",
    CustomerStatus.NOT_INVITED: "It has a price list, and nobody of it was invited yet.",
    CustomerStatus.INVITED: "The invitation of its first administrator is out.",
    CustomerStatus.PENDING_APPROVAL: "It applied, and the merchant has not decided.",
    CustomerStatus.REGISTERED: "Its application was approved, and nobody of it has accepted the invitation yet.",
    CustomerStatus.REJECTED: "Its application was rejected.",
    CustomerStatus.ENABLED: "It was approved or invited, and accepted.",
    CustomerStatus.DISABLED: "The merchant suspended it.",
    CustomerStatus.MERGED: "It was a duplicate, and was merged into another company.",
}
"""For people: the fact that outweighs the others."""
