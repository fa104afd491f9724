"""F-O3. Who no longer hears from PostgreSQL and still reaches the broker believes that it leads; the broker knows better."""

import asyncio

from faults.another import Another, another
from faults.proxy import Proxy, Weather
from faults.row import Row
from faults.rows.f_o2 import REFUSED, TAKEN
from faults.system import Failed, System
from local_stack.layout import Layout

_PROXY_PORT = 99
"""Above the stack's first."""
HELD = 12
"""Seconds for which it is busy with its batch; the lease is five."""
SECONDS = 20


async def inject(system: System) -> None:
    system.need_split()
    before = system.said("kafka", REFUSED)
    layout = Layout(system.stack.name)
    proxy = Proxy(layout.port_base + _PROXY_PORT, layout.port("postgres"))
    proxy.start()
    url = system.stack.environment["orders"]["COUNTERSIGN_DATABASE_URL"]
    through = url.replace(f":{proxy.target}/", f":{proxy.port}/")
    async with another(system, "orders", "relay", COUNTERSIGN_DATABASE_URL=through) as cut_off:
        await system.kill("orders-relay")
        await system.until(cut_off.leads, within=30, what="the second relay leads")
        await system.ready("orders-relay")
        await system.at("taken", "orders", f"sleep {HELD}")
        with proxy.having(Weather(requests_lost=True, answers_lost=True)):
            supervised = Another(system.stack.pid("orders-relay"), system.stack.processes["orders-relay"])
            await system.until(supervised.leads, within=HELD, what="another relay leads")
            await asyncio.sleep(HELD + system.lasting(SECONDS))
        proxy.reset()
        await asyncio.sleep(3)
        if system.said("kafka", REFUSED) == before:
            raise Failed("nobody refused what the relay that was cut off published")


row = Row("F-O3", "relay", "two relays believe that they lead", "I3", inject, [TAKEN])
