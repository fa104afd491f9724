"""F-X3. Nobody hears what was done: neither the client of an API, nor the service of its commit. Retries find it done."""

import asyncio

from faults.proxy import Weather
from faults.row import Row
from faults.system import System

APIS = ("orders-api", "identity-api")
SECONDS = 20


async def inject(system: System) -> None:
    """Then the connections break, as they do when a network gives them up."""
    system.need_split()
    for parts in (APIS, ("postgres",)):
        proxies = [system.proxies[part] for part in parts]
        for proxy in proxies:
            proxy.weather = Weather(answers_lost=True)
        await asyncio.sleep(system.lasting(SECONDS))
        for proxy in proxies:
            proxy.weather = Weather()
            proxy.reset()


row = Row(
    "F-X3",
    "network",
    "asymmetric cut: requests arrive, answers lost",
    "I1 I2 I8",
    inject,
    proxied=(*APIS, "postgres"),
)
