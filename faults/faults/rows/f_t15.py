"""F-T15. What is too large is refused before there is a process; a process whose history grows begins a new one in time."""

from datetime import timedelta

from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.service import RPCError

from faults.client import Answer
from faults.row import Row
from faults.system import Failed, System

TOO_LARGE = 5_000_000
"""Bytes; an order may have four million."""
LINES = 2_000
LARGEST_EVENT = 20_000
"""Bytes of one event in the history of the largest order's process; Temporal takes two million."""
MOST_UPDATES = 1_500
LONGEST = 51_200
ENDS_WITHIN = 30.0


async def inject(system: System) -> None:
    await _refused(system)
    await _carried_by_id(system)
    await _continued(system)


async def _refused(system: System) -> None:
    client, buyer = system.load.shop.client, system.load.shop.companies[0].waiting_buyer
    headers = {"Authorization": f"Bearer {await buyer.token()}", "Idempotency-Key": "too-large"}
    body = {"signed": "x" * TOO_LARGE, "terms_accepted": True, "payment": "invoice"}
    answer = await client.http.post(f"{client.urls['orders']}/v1/orders", json=body, headers=headers, timeout=30)
    system.notes["too_large"] = answer.status_code
    if answer.status_code != 413:
        raise Failed(f"{TOO_LARGE} bytes were answered by {answer.status_code}")


async def _carried_by_id(system: System) -> None:
    """The largest order that there can be; its process holds its id."""
    load, company = system.load, system.load.shop.companies[0]
    order = await load.order_cart(company, company.waiting_buyer, await load.priced_cart(company.waiting_buyer, LINES))
    handle = await _process(system, order)
    history = await handle.fetch_history()
    system.notes["largest_event"] = largest = max(event.ByteSize() for event in history.events)
    await load.act("attest", order["order_id"], company.attester)
    if largest > LARGEST_EVENT:
        raise Failed(f"an order of {LINES} lines makes an event of {largest} bytes")


async def _continued(system: System) -> None:
    """An operator moves the deadline again and again."""
    load, company = system.load, system.load.shop.companies[0]
    order = await load.order_cart(company, company.waiting_buyer, await load.priced_cart(company.waiting_buyer))
    handle = await _process(system, order)
    first = (await handle.describe()).run_id
    moved = 0
    while moved < MOST_UPDATES and (described := await handle.describe()).run_id == first:
        length = described.history_length
        for _ in range(20):
            moved += await _moved(handle)
    system.notes["continued"] = {"after_updates": moved, "history": length}
    await load.act("attest", order["order_id"], company.attester)
    if (await handle.describe()).run_id == first:
        raise Failed(f"a history of {length} events goes on")
    if length > LONGEST / 2:
        raise Failed(f"it had {length} events before it began anew")


async def _moved(handle: WorkflowHandle) -> int:  # type: ignore[type-arg]
    """One that comes while a new history begins is sent again by the operator."""
    try:
        await handle.execute_update("extend", {"actor": "faults", "by": "PT1S"}, rpc_timeout=timedelta(seconds=10))
    except (RPCError, WorkflowUpdateFailedError):
        return 0
    return 1


async def _process(system: System, order: Answer) -> WorkflowHandle:  # type: ignore[type-arg]
    client = await system.temporal()
    handle = client.get_workflow_handle(f"order-attestation/{order['number']}")

    async def waits() -> bool:
        try:
            return await handle.query("state") is not None
        except RPCError:
            return False

    await system.until(waits, within=ENDS_WITHIN, what="the process waits")
    return handle


row = Row("F-T15", "Temporal server", "payload > 2 MB or history near 51,200", "I8 I9", inject)
