"""F-T7. Two releases share a queue, as in a deployment; the new one holds its patches, so either goes on with any process."""

import asyncio

from faults.next_release import PATCH, PROCESSES
from faults.row import Row
from faults.system import Failed, System

SERVICES = ("identity", "orders")
SECONDS = 30
ENDS_WITHIN = 30.0


async def inject(system: System) -> None:
    system.need_split()
    half_done = [await system.load.submit(company, company.waiting_buyer) for company in system.load.shop.companies]
    async with system.beside(*PROCESSES) as new:
        held = {"COUNTERSIGN_WORKFLOW_PATCHES": "held"}
        await asyncio.gather(*(new.start(service, "worker", **held) for service in SERVICES))
        await asyncio.sleep(system.lasting(SECONDS))
        first, *others = zip(half_done, system.load.shop.companies, strict=True)
        await system.load.act("attest", first[0][0], first[1].attester)
        async with system.away(*(f"{service}-worker" for service in SERVICES)):
            for (order_id, _), company in others:
                await system.load.act("attest", order_id, company.attester)
            await _placed(system, [order_id for order_id, _ in half_done])
    client = await system.temporal()
    if patched := (await client.count_workflows(f"TemporalChangeVersion = '{PATCH}'")).count:
        raise Failed(f"{patched} processes were patched while the old release could still get them")


async def _placed(system: System, order_ids: list[str]) -> None:
    async def placed() -> bool:
        async with system.database("orders") as orders:
            waiting = "SELECT count(*) FROM orders WHERE id::text = ANY($1) AND status NOT IN ('placed', 'confirmed')"
            return bool(await orders.fetchval(waiting, order_ids) == 0)

    if not await system.comes(placed, within=ENDS_WITHIN):
        raise Failed("a process that began with the old release does not go on with the new one")


row = Row("F-T7", "Temporal worker", "old and new build together on half-done workflows", "I2 I9", inject)
