"""F-K5. The broker has taken it and nobody hears so: it is said again, and has its effect once."""

import asyncio

from faults.proxy import Weather
from faults.row import Row
from faults.system import System

SHORT, LONG = 8, 25
"""Seconds: a request to the broker is given up after 15."""


async def inject(system: System) -> None:
    proxy = system.proxies["kafka"]
    for seconds in (SHORT, LONG):
        with proxy.having(Weather(answers_lost=True)):
            await asyncio.sleep(system.lasting(seconds))
            proxy.reset()  # what was lost on a connection does not come later
        await asyncio.sleep(3)
    system.notes["chunks_lost"] = proxy.lost


row = Row("F-K5", "broker", "ack lost after append (duplicate)", "I2 I3", inject, proxied=["kafka"])
