"""F-T5. Without a cache every step replays its process from the start: slower, and right all the same."""

import asyncio
import os
import time
from pathlib import Path

from faults.row import Row
from faults.sources import Patch
from faults.system import System

SERVICES = ("identity", "orders")
SECONDS = 30


async def inject(system: System) -> None:
    system.need_split()
    workers = [f"{service}-worker" for service in SERVICES]
    pids = [await asyncio.to_thread(system.stack.pid, worker) for worker in workers]
    cost = {"as usual": await _busy(pids, system.lasting(SECONDS))}
    async with system.beside(_cache(0)) as none, system.beside(_cache(1)) as one:
        await asyncio.gather(*(none.start(service, "worker") for service in SERVICES))
        async with system.away(*workers):
            pids = [none.pid(service, "worker") for service in SERVICES]
            cost["none"] = await _busy(pids, system.lasting(SECONDS))
            await none.stop_all()
            await asyncio.gather(*(one.start(service, "worker") for service in SERVICES))
            pids = [one.pid(service, "worker") for service in SERVICES]
            cost["one"] = await _busy(pids, system.lasting(SECONDS))
    system.notes["cpu_of_workers_by_cache"] = cost


def _cache(size: int) -> Patch:
    line = "                graceful_shutdown_timeout=GRACE,\n"
    return Patch("chassis/chassis/roles.py", line, f"{line}                max_cached_workflows={size},\n")


async def _busy(pids: list[int], seconds: float) -> float:
    """Share of a core that these processes took over so many seconds."""
    began, before = time.monotonic(), sum(map(_cpu, pids))
    await asyncio.sleep(seconds)
    return round((sum(map(_cpu, pids)) - before) / (time.monotonic() - began), 3)


def _cpu(pid: int) -> float:
    """Seconds that the process has had so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


row = Row("F-T5", "Temporal worker", "sticky cache size 0 or 1", "I2 I9", inject)
