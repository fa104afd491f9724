"""F-A5. The kernel ends a process that takes more memory than it may, in the middle of an order of 500 lines."""

import asyncio
import contextlib

from faults.cgroups import memory_more
from faults.row import Row
from faults.shop import Company
from faults.system import NotInjected, System
from local_stack import StackError

LINES, AT_ONCE = 500, 8
MORE = 300_000
"""Bytes."""
TIMES = 2


async def inject(system: System) -> None:
    for _ in range(TIMES):
        await _killed_for_memory(system)
        await system.ready("orders-api")


async def _killed_for_memory(system: System) -> None:
    before = await asyncio.to_thread(system.stack.pid, "orders-api")
    large = [asyncio.create_task(_large_order(system, company)) for company in system.load.shop.companies * AT_ONCE]

    async def gone() -> bool:
        with contextlib.suppress(StackError):
            return await asyncio.to_thread(system.stack.pid, "orders-api") != before
        return True

    async with memory_more(system, MORE, "orders-api"):
        killed = await system.comes(gone, within=30)
    outcomes = await asyncio.gather(*large, return_exceptions=True)
    system.notes.setdefault("large_orders", []).append(f"{outcomes.count(True)} of {len(outcomes)}")
    if not killed:
        raise NotInjected(f"{MORE} bytes more were enough")


async def _large_order(system: System, company: Company) -> bool:
    load, buyer = system.load, company.free_buyer
    return (await load.order_cart(company, buyer, await load.priced_cart(buyer, LINES))).ok


row = Row("F-A5", "API service", "memory limit hit (OOM kill) during 500-line order", "I1 I6", inject)
