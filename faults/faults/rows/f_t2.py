"""F-T2. Whoever is restarted takes up processes by their histories; that takes no longer than a person would wait."""

import asyncio
import math
import time
from itertools import count

from faults.row import KILLED_WHILE_MAILING, Row
from faults.system import Failed, System
from local_stack.layout import SERVICES

SECONDS, EVERY = 300, 60
SHARE = 0.3
WORKERS = tuple(f"{service}-worker" for service in SERVICES)
REPLAYED_WITHIN = 10.0


async def inject(system: System) -> None:
    system.need_split()
    began, slowest = time.monotonic(), 0.0
    for number in count(1):
        victims = system.chance.sample(WORKERS, math.ceil(SHARE * len(WORKERS)))
        await system.kill(*victims)
        await system.ready(*victims)
        slowest = max(
            slowest, await _replayed(system, "OrderAttestation"), await _replayed(system, "InvitationAcceptance")
        )
        system.notes |= {"rounds": number, "slowest_replay_s": round(slowest, 2)}
        await asyncio.sleep(max(0, began + system.lasting(EVERY) * number - time.monotonic()))
        if time.monotonic() >= began + system.lasting(SECONDS):
            break
    if slowest > REPLAYED_WITHIN:
        raise Failed(f"a worker took {slowest:.1f} s to replay a process")


async def _replayed(system: System, workflow: str) -> float:
    """Seconds until a worker answers a query about the newest process of this kind: it must read its history for that."""
    client = await system.temporal()
    async for one in client.list_workflows(f"WorkflowType = '{workflow}'", limit=1):
        began = time.monotonic()
        await client.get_workflow_handle(one.id).query("state")
        return time.monotonic() - began
    return 0.0


row = Row("F-T2", "Temporal worker", "30 % restarted every minute", "I2 I9", inject, allows=KILLED_WHILE_MAILING)
