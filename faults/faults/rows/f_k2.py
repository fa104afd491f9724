"""F-K2. A broker that is there and says nothing holds up nobody's order; events wait in the outboxes."""

import asyncio
import time

from faults.row import Row
from faults.served import ON_TIME, on_time, order_seconds, percentile
from faults.system import Failed, System

SECONDS = 60


async def inject(system: System) -> None:
    began = time.time()
    async with system.stopped("kafka"):
        await asyncio.sleep(system.lasting(SECONDS))
    journal, until = system.journal.path, time.time() - ON_TIME
    took, limit = percentile(order_seconds(journal, began, until), 0.95), on_time(journal)
    system.notes["order_p95_s"] = round(took, 3)
    if took > limit:
        raise Failed(f"orders waited for the broker: 19 in 20 took up to {took:.1f} s, on time are {limit:.1f} s")


row = Row("F-K2", "broker", "SIGSTOP 60 s", "I6 I8", inject)
