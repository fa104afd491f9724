"""F-K6. A slow and lossy way to the broker makes effects late, and that is all: groups keep their members."""

import asyncio
import time

from faults.delays import delays
from faults.proxy import Weather
from faults.row import Row
from faults.served import percentile
from faults.system import Failed, System

SECONDS = 60
THERE_AND_BACK, LOST, RATE = 0.5, 0.1, 64_000
LATEST = 15.0
"""Seconds to the effect of 19 in 20 events: some round trips, each with losses."""
_TOPIC, _READERS = "countersign.orders.order", ("orders", "notifications", "identity")


async def inject(system: System) -> None:
    system.need_split()
    left_out = _left_out(system)
    began = time.time()
    with system.proxies["kafka"].having(Weather(delay=THERE_AND_BACK / 2, lost=LOST, bytes_per_second=RATE)):
        await asyncio.sleep(system.lasting(SECONDS))
        until = time.time() - LATEST
        late = {reader: await delays(system, _TOPIC, reader, began, until) for reader in _READERS}
    p95 = {reader: round(percentile(found, 0.95), 2) for reader, found in late.items()}
    left_out = _left_out(system) - left_out
    system.notes |= {"effect_p95_s": p95, "left_out": left_out, "lost": system.proxies["kafka"].lost}
    if max(p95.values()) > LATEST:
        raise Failed(f"effects came too late: {p95}")
    if left_out:
        raise Failed(f"members were left out of their groups {left_out} times")


def _left_out(system: System) -> int:
    return sum(system.said(f"{service}-consumer", "local member_id was not recognized") for service in _READERS)


row = Row("F-K6", "broker", "latency 500 ms, 10 % loss, 64 kB/s", "I2 I6", inject, proxied=["kafka"])
