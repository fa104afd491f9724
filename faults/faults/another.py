"""A second process of a role, beside the one that the supervisor keeps."""

import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from faults.beside import Beside
from faults.system import System


@dataclass(frozen=True)
class Another:
    pid: int
    url: str

    async def metric(self, name: str) -> float:
        """The sum of its samples of this name; 0 where there are none, or nobody answers."""
        try:
            async with httpx2.AsyncClient(timeout=2) as http:
                page = (await http.get(f"{self.url}/metrics")).text
        except httpx2.TransportError:
            return 0
        families = text_string_to_metric_families(page)
        return sum(sample.value for family in families for sample in family.samples if sample.name == name)

    async def leads(self) -> bool:
        """As a relay."""
        return await self.metric("countersign_relay_leading") == 1


@contextlib.asynccontextmanager
async def another(system: System, service: str, role: str, **settings: str) -> AsyncIterator[Another]:
    """Ready when it is handed out, ended in good order afterwards; its log lies beside the others.

    Args:
        settings: what it is told instead of or besides what the service is told.
    """
    beside = Beside(system.stack, system.stack.environment[service]["PYTHONPATH"])
    try:
        await beside.start(service, role, **settings)
        one = Another(beside.pid(service, role), beside.url(service, role))
        yield one
        with contextlib.suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGCONT)  # a stopped one could not end
    finally:
        await beside.stop_all()
