"""F-T13. Deadlines that pass while nobody is there to see them are kept afterwards, once; what was decided before stands."""

import asyncio
from collections.abc import Iterable

from faults.row import Row
from faults.system import Failed, System

SHORT = {"escalate_after": "PT10S", "merchant_after": "PT14S", "expire_after": "PT18S"}
USUAL = {"escalate_after": "P2D", "merchant_after": "P4D", "expire_after": "P7D"}
DOWN = 25.0
WITHIN = 30.0


async def inject(system: System) -> None:
    system.need_split()
    load, (company, *others) = system.load, system.load.shop.companies
    await load.shop.policy("orders", "attestation", SHORT)
    try:
        left = [(await load.submit(one, one.waiting_buyer))[0] for one in others]
        decided, _ = await load.submit(company, company.waiting_buyer)
    finally:
        await load.shop.policy("orders", "attestation", USUAL)
    async with system.away("orders-worker"):
        await load.act("attest", decided, company.attester)
        await asyncio.sleep(DOWN)
    wanted = {decided: "placed", **dict.fromkeys(left, "expired")}

    async def as_wanted() -> bool:
        system.notes["ended_as"] = stand = await statuses(system, wanted)
        return stand == wanted

    if not await system.comes(as_wanted, within=WITHIN):
        raise Failed(f"orders ended as {list(system.notes['ended_as'].values())}, not {list(wanted.values())}")
    if many := await _expiries(system, left):
        raise Failed(f"orders did not expire once each: {many}")


async def statuses(system: System, order_ids: Iterable[str]) -> dict[str, str]:
    async with system.database("orders") as orders:
        rows = await orders.fetch("SELECT id::text, status FROM orders WHERE id::text = ANY($1)", list(order_ids))
        return {row["id"]: row["status"] for row in rows}


async def _expiries(system: System, order_ids: list[str]) -> dict[str, int]:
    """How often each expired that did so not exactly once."""
    query = "SELECT count(*) FROM outbox WHERE key = $1 AND type = 'countersign.orders.order.expired.v1'"
    async with system.database("orders") as orders:
        many = {order_id: await orders.fetchval(query, order_id) for order_id in order_ids}
    return {order_id: count for order_id, count in many.items() if count != 1}


row = Row("F-T13", "Temporal server", "approval deadline timer fires while worker is down", "I2 I9", inject)
