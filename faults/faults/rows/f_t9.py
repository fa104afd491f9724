"""F-T9. Deadlines pass when Temporal says so, whatever the clock of the worker that sees to them; who looks is told of it."""

import asyncio
import time

from faults import clocks
from faults.row import Row
from faults.rows.f_t13 import SHORT, USUAL, statuses
from faults.system import Failed, NotInjected, System

SERVICES = ("identity", "orders", "notifications")
WRONG = ("+1h", "-1h")
SECONDS = 60
DUE = 18.0
LATE = 20.0
"""Seconds that an order may expire after its deadline."""


async def inject(system: System) -> None:
    system.need_split()
    if clocks.faketime() is None:
        raise NotInjected("libfaketime is not installed")
    names = {service: f"{service}-worker" for service in SERVICES}
    async with system.beside() as skewed:
        urls = {f"{name}-beside": skewed.url(service, "worker") for service, name in names.items()}
        for service, name in names.items():
            await skewed.start(service, "worker", **clocks.environment(system.cues, name))
        async with system.away(*names.values()):
            for wrong in WRONG:
                for name in names.values():
                    clocks.file(system.cues, name).write_text(wrong)
                await system.alarm("ClockSkew", 30, beside=urls)
                await _expires(system, wrong)
                await asyncio.sleep(system.lasting(SECONDS))


async def _expires(system: System, wrong: str) -> None:
    shop, company = system.load.shop, system.load.shop.companies[0]
    await shop.policy("orders", "attestation", SHORT)
    try:
        began = time.monotonic()
        order_id, _ = await system.load.submit(company, company.waiting_buyer)
    finally:
        await shop.policy("orders", "attestation", USUAL)

    async def expired() -> bool:
        return await statuses(system, [order_id]) == {order_id: "expired"}

    if not await system.comes(expired, within=DUE + LATE):
        raise Failed(f"an order did not expire, the worker's clock being wrong by {wrong}")
    took = system.notes.setdefault("expired_after_s", {})[wrong] = round(time.monotonic() - began, 1)
    if took < DUE - 1:
        raise Failed(f"an order expired after {took} s already, the worker's clock being wrong by {wrong}")


row = Row("F-T9", "Temporal worker", "clock skew +-1 h", "I9", inject)
