"""The name, id and start of the order attestation process."""

from uuid import UUID

from contracts.shared.activity import Payload

ORDER_ATTESTATION = "OrderAttestation"


def order_attestation_id(order_number: str) -> str:
    return f"order-attestation/{order_number}"


class StartOrderAttestation(Payload):
    order_id: UUID
    number: str
    company_number: str
