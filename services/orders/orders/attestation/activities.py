"""Steps of the process. Each is idempotent and answers with what stands in the row."""

from collections.abc import Callable
from uuid import UUID

from chassis.context import act_as
from chassis.processes import ActivityEntry, implements
from contracts.orders import activities as stubs
from contracts.orders.activities import AttestationRow
from orders.attestation import commands
from orders.attestation.attesters import Merchant
from orders.attestation.queries import attestation_row
from orders.orders import commands as order_commands
from orders.orders.models import Order


async def _do(entry: ActivityEntry, order_id: UUID, act: Callable[[Order], None], actor: str | None) -> AttestationRow:
    if actor is not None:
        act_as(actor)
    async with entry.transaction() as session:
        return attestation_row(await commands.do_if_possible(session, order_id, act))


@implements(stubs.read_attestation)
async def read_attestation(entry: ActivityEntry, command: stubs.OrderRef) -> AttestationRow:
    async with entry.transaction() as session:
        return attestation_row(await session.get_one(Order, command.order_id))


@implements(stubs.record_attestation_reminder)
async def record_attestation_reminder(entry: ActivityEntry, command: stubs.RemindAttesters) -> AttestationRow:
    return await _do(
        entry, command.order_id, lambda order: order.remind(command.step, command.so_far, entry.now), command.actor
    )


@implements(stubs.escalate_attestation)
async def escalate_attestation(entry: ActivityEntry, command: stubs.EscalateAttestation) -> AttestationRow:
    async with entry.transaction() as session:
        escalate = commands.EscalateAttestation(command.order_id, command.step, command.due, entry.now)
        return attestation_row(await commands.escalate_attestation(session, escalate))


@implements(stubs.expire_attestation)
async def expire_attestation(entry: ActivityEntry, command: stubs.ExpireAttestation) -> AttestationRow:
    return await _do(entry, command.order_id, lambda order: order.expire(command.due, entry.now), None)


@implements(stubs.extend_attestation)
async def extend_attestation(entry: ActivityEntry, command: stubs.ExtendAttestation) -> AttestationRow:
    return await _do(entry, command.order_id, lambda order: order.extend(command.by, command.due), command.actor)


@implements(stubs.withdraw_order)
async def withdraw_order(entry: ActivityEntry, command: stubs.WithdrawOrder) -> AttestationRow:
    return await _do(entry, command.order_id, lambda order: order.withdraw(entry.now), command.actor)


@implements(stubs.decide_attestation)
async def decide_attestation(entry: ActivityEntry, command: stubs.DecideAttestation) -> AttestationRow:
    def decide(order: Order) -> None:
        if not order.decide_in_temporal or order.step != command.step:
            return
        if command.decision == "attest":
            order.attest(by=Merchant(), at=entry.now)
        else:
            order.decline(by=Merchant(), comment=command.reason or "", at=entry.now)

    return await _do(entry, command.order_id, decide, command.actor)


@implements(stubs.place_order)
async def place_order(entry: ActivityEntry, command: stubs.OrderRef) -> AttestationRow:
    async with entry.transaction() as session:
        return attestation_row(await order_commands.place_order(session, command.order_id, entry.now))


activities = [
    read_attestation,
    record_attestation_reminder,
    escalate_attestation,
    expire_attestation,
    extend_attestation,
    withdraw_order,
    decide_attestation,
    place_order,
]
