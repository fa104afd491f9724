"""The name, id and start of the order attestation process, and a decision that an operator sends it."""

from typing import Literal
from uuid import UUID

from contracts.orders.activities import AttestationRow
from contracts.shared.activity import Payload
from contracts.shared.process import ByOperator
from contracts.shared.values import Code

ORDER_ATTESTATION = "OrderAttestation"


def order_attestation_id(order_number: str) -> str:
    return f"order-attestation/{order_number}"


class StartOrderAttestation(Payload):
    order_id: UUID
    number: str
    company_number: str
    row: AttestationRow | None = None
    """As it was when the process was started; None: it is read first."""


class DecideByOperator(ByOperator):
    decision: Literal["attest", "decline"]
    reason: Code | None = None
    """Needed to decline."""
