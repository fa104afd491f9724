"""F-T4. Who comes back from a stop longer than every time-out finds his step done by another, and is not heard."""

import asyncio
import signal

from faults.row import Row
from faults.rows.f_t3 import EFFECT
from faults.system import NotInjected, System

SERVICES = ("orders", "notifications", "identity")
TOO_LATE = ("Task not found when completing", "Activity not found on completion")
SECONDS = 65
"""Longer than an attempt may be without a heartbeat (4 s), than a workflow task (10 s), and than any attempt (60 s)."""


async def inject(system: System) -> None:
    """Each stops within a step, after its effect and before it says so."""
    system.need_split()
    before = _unheard(system)
    async with system.beside() as others:
        try:
            for service in SERVICES:
                await system.at("activity-done", service, "stop")
                await others.start(service, "worker")
            await asyncio.sleep(SECONDS)
        finally:
            await system.signal(signal.SIGCONT, *(f"{service}-worker" for service in SERVICES))
        await asyncio.sleep(5)  # both at work
    system.notes["completions_too_late"] = _unheard(system) - before
    if not system.notes["completions_too_late"]:
        raise NotInjected("everybody came back in time")


def _unheard(system: System) -> int:
    """How often one of them was told that its step is no longer its own."""
    return sum(system.said(f"{service}-worker", words) for service in SERVICES for words in TOO_LATE)


row = Row("F-T4", "Temporal worker", "SIGSTOP past heartbeat and start-to-close, then CONT", "I2", inject, [EFFECT])
