"""F-K11. One handler that takes a hundred times as long is seen, and nobody else waits for it."""

import asyncio
import time

from faults.delays import delays
from faults.row import Row
from faults.served import percentile
from faults.sources import Patch, slow
from faults.system import Failed, System

SECONDS = 60
EACH = 1.0
"""Seconds; a handler takes some milliseconds."""
OTHERS_P95 = 5.0
_TOPIC, _HANDLED = "countersign.orders.order", "                await self.handlers[type(event)]("
SLOW = Patch("chassis/chassis/consumers.py", _HANDLED, f"                {slow('handler')}\n{_HANDLED}")


async def inject(system: System) -> None:
    began = time.time()
    async with system.slowed("handler", "notifications", EACH):
        await system.alarm("ConsumerBehind", within=90)
        await asyncio.sleep(max(0.0, system.lasting(SECONDS) - (time.time() - began)))
        late = {
            reader: await delays(system, _TOPIC, reader, began, time.time() - OTHERS_P95)
            for reader in ("orders", "identity", "notifications")
        }
    p95 = {reader: round(percentile(found, 0.95), 2) for reader, found in late.items()}
    system.notes["effect_p95_s"] = p95
    if p95.pop("notifications") < EACH:
        raise Failed("the handler was not slow")
    if max(p95.values()) > OTHERS_P95:
        raise Failed(f"others waited too: {p95}")


row = Row("F-K11", "consumer", "handler slow 100x", "I2 I6", inject, [SLOW])
