"""F-A8. Role by role the next release comes beside this one, works with it on the same rows, events and processes, and goes."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator, Mapping
from itertools import cycle

from faults.next_release import NEXT, TABLE_AS_IT_WAS
from faults.row import Row
from faults.system import System
from local_stack.layout import ROLES

SERVICES = ("identity", "orders")
SECONDS = 10
"""Side by side, for each role."""


async def inject(system: System) -> None:
    """Both ways: a process of today is ended and comes back while the next release works beside it, which then leaves."""
    system.need_split()
    try:
        async with system.beside(*NEXT) as new:
            await new.migrate("orders")
            for role in ROLES:
                held = {"COUNTERSIGN_WORKFLOW_PATCHES": "held"} if role == "worker" else {}
                await asyncio.gather(*(new.start(service, role, **held) for service in SERVICES))
                urls = {service: new.url(service, role) for service in SERVICES} if role == "api" else {}
                with _balanced(system, urls):
                    await asyncio.sleep(system.lasting(SECONDS))
                    await system.signal(signal.SIGTERM, *(f"{service}-{role}" for service in SERVICES))
                    await asyncio.sleep(1)
                    await system.ready(*(f"{service}-{role}" for service in SERVICES))
                    await asyncio.sleep(system.lasting(SECONDS))
    finally:
        async with system.database("orders") as orders:
            await orders.execute(TABLE_AS_IT_WAS)


@contextlib.contextmanager
def _balanced(system: System, beside: Mapping[str, str]) -> Iterator[None]:
    """Requests go to the processes of both releases by turns."""
    client = system.load.shop.client
    usual = client.urls
    client.urls = _Turns({name: [url, *filter(None, [beside.get(name)])] for name, url in usual.items()})
    try:
        yield
    finally:
        client.urls = usual


class _Turns(Mapping[str, str]):
    def __init__(self, urls: Mapping[str, list[str]]) -> None:
        self._turns = {service: cycle(each) for service, each in urls.items()}

    def __getitem__(self, service: str) -> str:
        return next(self._turns[service])

    def __iter__(self) -> Iterator[str]:
        return iter(self._turns)

    def __len__(self) -> int:
        return len(self._turns)


row = Row("F-A8", "API service", "rolling restart, old and new version together", "I1 I2 I3 I4", inject, alone=True)
