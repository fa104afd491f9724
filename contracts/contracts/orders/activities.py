"""Steps that orders carries out for its process. Each is idempotent and answers with what stands in the row."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts.orders.values import AskedOf, OrderStatus
from contracts.shared.activity import Payload, stub
from contracts.shared.values import Code, Elapsed, Money

TASK_QUEUE = "orders"


class OrderRef(Payload):
    order_id: UUID


class AttestationRow(Payload):
    """What the process may know of its order, as it stands."""

    order_id: UUID
    sequence: int
    """Of its last event: which of two rows is the newer."""
    number: str
    status: OrderStatus
    total: Money
    step: int
    """Raised each time it goes further: to the administrators, to the merchant."""
    asked_of: AskedOf | None
    asked: tuple[UUID, ...]
    """Contacts to be mailed; empty when it is with the merchant."""
    asked_at: datetime | None
    reminders: int
    """How often those asked in this step were reminded."""
    remind_at: datetime | None
    """None: reminded already, or not to be."""
    escalate_at: datetime | None
    """None: there is nobody further to go to."""
    expires_at: datetime
    submitter: UUID | None
    """The contact who wishes for it."""
    decide_in_temporal: bool = False


class EscalateAttestation(Payload):
    order_id: UUID
    step: int
    due: datetime
    """The deadline that has passed. If it is another one by now, nothing is done, so no two clocks are compared."""


class RemindAttesters(Payload):
    order_id: UUID
    step: int
    so_far: int
    """Reminders in this step; if there are more by now, nothing is done."""
    actor: str | None = None
    """`operator:<claimed name>`; None: the process itself."""


class ExpireAttestation(Payload):
    order_id: UUID
    due: datetime
    """The deadline that has passed, as in `EscalateAttestation`."""


class WithdrawOrder(Payload):
    order_id: UUID
    actor: str


class ExtendAttestation(Payload):
    order_id: UUID
    by: Elapsed
    due: datetime
    """The expiry that is extended; once it is another one, nothing is done."""
    actor: str


class DecideAttestation(Payload):
    order_id: UUID
    step: int
    decision: Literal["attest", "decline"]
    reason: Code | None = None
    actor: str


@stub(task_queue=TASK_QUEUE)
async def read_attestation(command: OrderRef) -> AttestationRow: ...


@stub(task_queue=TASK_QUEUE)
async def record_attestation_reminder(command: RemindAttesters) -> AttestationRow: ...


@stub(task_queue=TASK_QUEUE)
async def escalate_attestation(command: EscalateAttestation) -> AttestationRow:
    """Asks the next in line: the administrators, then the merchant."""


@stub(task_queue=TASK_QUEUE)
async def expire_attestation(command: ExpireAttestation) -> AttestationRow: ...


@stub(task_queue=TASK_QUEUE)
async def extend_attestation(command: ExtendAttestation) -> AttestationRow: ...


@stub(task_queue=TASK_QUEUE)
async def withdraw_order(command: WithdrawOrder) -> AttestationRow: ...


@stub(task_queue=TASK_QUEUE)
async def decide_attestation(command: DecideAttestation) -> AttestationRow: ...


@stub(task_queue=TASK_QUEUE)
async def place_order(command: OrderRef) -> AttestationRow:
    """Passes the gate once more and places the attested order: `placed`, `confirmed` or `refused` with the reason."""
