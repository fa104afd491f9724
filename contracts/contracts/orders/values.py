"""Words of orders that other services use."""

from contracts.shared.values import OpenEnum


class OrderStatus(OpenEnum):
    SUBMITTED = "submitted"
    AWAITING_ATTESTATION = "awaiting_attestation"
    ATTESTED = "attested"
    """The company said yes; the gate is passed once more before it is placed."""
    PLACED = "placed"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    """Attested, but at placement it no longer may be."""
    CANCELLED = "cancelled"


class PaymentChoice(OpenEnum):
    INVOICE = "invoice"
    PROVIDER = "provider"
    """Handed to a payment provider through events."""


class AttestationRule(OpenEnum):
    """Why an order waits for its company (OR-04, OR-08)."""

    MEMBER_ALWAYS = "member-always"
    """Orders of this member must always be attested (ID-17)."""
    OVER_MEMBER_LIMIT_PER_ORDER = "over-member-limit-per-order"
    OVER_MEMBER_LIMIT_PER_MONTH = "over-member-limit-per-month"


class AskedOf(OpenEnum):
    """Whom a waiting order is with; each escalation goes one further (OR-06)."""

    ATTESTERS = "attesters"
    ADMINISTRATORS = "administrators"
    MERCHANT = "merchant"
