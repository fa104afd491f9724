"""F-X2. Without pricing nothing is priced, and says so; a price is good for as long as pricing said, and not a second more."""

import asyncio
import time

import httpx2

from faults.row import Row
from faults.system import Failed, System
from local_stack.layout import ROLES

SECONDS = 60
VALID, USUAL = "PT20S", "PT30M"
CLEAR_WITHIN = 5.0


async def inject(system: System) -> None:
    load, company = system.load, system.load.shop.companies[0]
    buyer = company.free_buyer
    fresh = await load.priced_cart(buyer)
    await load.shop.policy("pricing", "pricing", {"cart_valid_for": VALID})
    try:
        stale = await load.priced_cart(buyer)
    finally:
        await load.shop.policy("pricing", "pricing", {"cart_valid_for": USUAL})
    async with system.away(*(f"pricing-{role}" for role in ROLES)):
        await _says_so(system)
        await asyncio.sleep(max(25, system.lasting(SECONDS)))
        accepted = await load.order_cart(company, buyer, fresh)
        refused = await load.order_cart(company, buyer, stale)
    system.notes["answers"] = {"valid": accepted.status, "expired": f"{refused.status} {refused.code}"}
    if accepted.status != 201:
        raise Failed(f"a cart whose prices hold was refused: {accepted.status} {accepted.body}")
    if refused.code != "priced-cart-expired":
        raise Failed(f"a cart whose prices do not hold any more: {refused.status} {refused.body}")


async def _says_so(system: System) -> None:
    """A client that asks for prices is told at once that there are none."""
    client, began = system.load.shop.client, time.monotonic()
    try:
        answer = await client.http.post(f"{client.urls['pricing']}/v1/priced-carts", json={}, timeout=CLEAR_WITHIN * 2)
    except httpx2.ConnectError:
        status = None
    else:
        status = answer.status_code
    took = time.monotonic() - began
    if status not in (None, 503) or took > CLEAR_WITHIN:
        raise Failed(f"pricing is away, and a client is told {status} after {took:.1f} s")


row = Row("F-X2", "network", "pricing unreachable", "I4 I8", inject)
