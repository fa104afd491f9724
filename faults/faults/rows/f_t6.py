"""F-T6. Code that does not fit the histories of processes stops them and says so; with the code of before they go on."""

import asyncio

from faults.row import Row
from faults.sources import Patch
from faults.system import Failed, System

_WAITS = "        while row.status is OrderStatus.AWAITING_ATTESTATION:\n"
BAD = Patch(
    "services/orders/orders/attestation/workflows.py",
    _WAITS,
    f"        if workflow.unsafe.is_replaying():\n            await workflow.sleep(timedelta(seconds=1))\n{_WAITS}",
)
"""It goes another way when it is replayed, so what begins under it the code of before can go on with."""
ALARM_WITHIN = 60.0
ENDS_WITHIN = 60.0


async def inject(system: System) -> None:
    system.need_split()
    load = system.load
    half_done = [(await load.submit(company, company.waiting_buyer))[0] for company in load.shop.companies]
    await asyncio.sleep(3)  # their processes wait for somebody
    async with system.beside(BAD) as bad:
        await bad.start("orders", "worker")
        async with system.away("orders-worker"):
            for order_id, company in zip(half_done, load.shop.companies, strict=True):
                await load.act("attest", order_id, company.attester)
            workers = {"orders-worker-beside": bad.url("orders", "worker")}
            await system.alarm("WorkflowTasksFailing", ALARM_WITHIN, beside=workers)
            if await _placed(system, half_done):
                raise Failed("the build was not bad")
            await bad.stop("orders", "worker")

    async def all_placed() -> bool:
        return await _placed(system, half_done) == len(half_done)

    if not await system.comes(all_placed, within=ENDS_WITHIN):
        raise Failed("processes do not go on after the roll-back")


async def _placed(system: System, order_ids: list[str]) -> int:
    async with system.database("orders") as orders:
        query = "SELECT count(*) FROM orders WHERE id::text = ANY($1) AND status = 'placed'"
        return int(await orders.fetchval(query, order_ids))


row = Row("F-T6", "Temporal worker", "NDE deployed, then rolled back", "I9", inject, alone=True)
