"""F-T14. Rows know what processes only wait for: a namespace without any gets one for every open row."""

import asyncio

from faults.row import Row
from faults.system import Failed, System
from local_stack.layout import Layout

STARTED_WITHIN = 90.0
"""`reconcile` comes by every minute."""
ENDS_WITHIN = 30.0


async def inject(system: System) -> None:
    load = system.load
    waiting = [(await load.submit(company, company.waiting_buyer))[0] for company in load.shop.companies]
    await asyncio.to_thread(system.stack.stop, "temporal")
    for file in (Layout(system.stack.name).directory / "temporal").glob("temporal.db*"):
        file.unlink()
    await asyncio.to_thread(system.stack.start, "temporal")
    await system.operate("orders", "migrate")
    numbers = await _numbers(system, waiting)

    async def all_run() -> bool:
        client = await system.temporal()
        running = {one.id async for one in client.list_workflows("ExecutionStatus = 'Running'")}
        return running >= {f"order-attestation/{number}" for number in numbers}

    if not await system.comes(all_run, within=STARTED_WITHIN):
        raise Failed("open rows have no process")
    for order_id, company in zip(waiting, load.shop.companies, strict=True):
        await load.act("attest", order_id, company.attester)

    async def placed() -> bool:
        query = "SELECT bool_and(status = 'placed') FROM orders WHERE id::text = ANY($1)"
        async with system.database("orders") as orders:
            return bool(await orders.fetchval(query, waiting))

    if not await system.comes(placed, within=ENDS_WITHIN):
        raise Failed("a process that was started again did not do its work")


async def _numbers(system: System, order_ids: list[str]) -> list[str]:
    async with system.database("orders") as orders:
        return [
            row["number"] for row in await orders.fetch("SELECT number FROM orders WHERE id::text = ANY($1)", order_ids)
        ]


row = Row(
    "F-T14",
    "Temporal server",
    "namespace wiped",
    "I4 I9",
    inject,
    allows={"process-missing": "what ran for rows that are closed by now is forgotten with the namespace"},
    alone=True,
)
