"""The name, id and start of the order attestation process, and what operators send it from the Temporal UI."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.shared.activity import Payload
from contracts.shared.values import Code, Elapsed

ClaimedName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$")]
"""Whom the operator says to be; the Temporal UI does not prove it."""

ORDER_ATTESTATION = "OrderAttestation"


def order_attestation_id(order_number: str) -> str:
    return f"order-attestation/{order_number}"


class StartOrderAttestation(Payload):
    order_id: UUID
    number: str
    company_number: str


class RemindByOperator(Payload):
    actor: ClaimedName


class ExtendByOperator(Payload):
    actor: ClaimedName
    by: Elapsed


class WithdrawByOperator(Payload):
    actor: ClaimedName


class DecideByOperator(Payload):
    actor: ClaimedName
    decision: Literal["attest", "decline"]
    reason: Code | None = None
    """Needed to decline."""
