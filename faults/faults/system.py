"""What a row may do to the running system."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from temporalio.client import Client as TemporalClient

from faults.journal import Journal
from faults.proxy import Proxy
from local_stack import Stack, StackError

INFRASTRUCTURE = ("postgres", "kafka", "temporal", "mail")
READY_WITHIN = 90.0


class NotInjected(Exception):
    """The fault could not be made here; the message says why. The row does not count as passed."""


class Failed(Exception):
    """The system did not do what the row alone expects of it, beside the invariants."""


@dataclass
class System:
    """The stack. The supervisor starts again what dies.

    Rows name the process of a role (`orders-relay`); where a service is one process for all roles, it is that one.
    """

    stack: Stack
    cues: Path
    """Where failpoints look for theirs."""
    journal: Journal
    chance: random.Random
    proxies: Mapping[str, Proxy] = field(default_factory=dict)
    """To `postgres`, `kafka`, `temporal`, `smtp`: those that the rows of this run asked for."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What a row wants to see in its result."""

    # -- processes ---------------------------------------------------------------------------------------------------

    @property
    def split(self) -> bool:
        """Each role of each service is a process of its own."""
        return "orders-relay" in self.stack.processes

    @property
    def everything(self) -> list[str]:
        return [*INFRASTRUCTURE, *self.stack.processes]

    def need_split(self) -> None:
        """
        Raises:
            NotInjected: a role can not be hit without the others.
        """
        if not self.split:
            raise NotInjected("a service is one process here; this needs one for each role")

    def _real(self, processes: Sequence[str]) -> list[str]:
        known = {*INFRASTRUCTURE, *self.stack.processes}
        return list(dict.fromkeys(one if one in known else one.partition("-")[0] for one in processes))

    async def kill(self, *processes: str) -> None:
        """SIGKILL to all of them at once."""
        await self.signal(signal.SIGKILL, *processes)

    async def signal(self, number: signal.Signals, *processes: str) -> None:
        """
        Raises:
            NotInjected: one of them does not run.
        """
        try:
            pids = await asyncio.gather(
                *(asyncio.to_thread(self.stack.pid, process) for process in self._real(processes))
            )
        except StackError as error:
            raise NotInjected(str(error)) from error
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    @contextlib.asynccontextmanager
    async def stopped(self, *processes: str) -> AsyncIterator[None]:
        """SIGSTOP, and SIGCONT at the end."""
        await self.signal(signal.SIGSTOP, *processes)
        try:
            yield
        finally:
            await self.signal(signal.SIGCONT, *processes)

    async def ready(self, *processes: str) -> float:
        """Waits until each answers as itself; seconds that it took."""
        began = time.monotonic()
        wait = [
            asyncio.to_thread(self.stack.wait_ready, process, patience=READY_WITHIN)
            for process in self._real(processes)
        ]
        await asyncio.gather(*wait)
        return time.monotonic() - began

    # -- failpoints --------------------------------------------------------------------------------------------------

    async def at(self, failpoint: str, service: str, act: str = "kill", *, within: float = 60) -> None:
        """The next process of the service that comes by this failpoint does `act`; returns when one has.

        Raises:
            NotInjected: none came by in time.
        """
        cue = self.cues / f"{service}.{failpoint}"
        partial = cue.with_suffix(".partial")
        partial.write_text(act)
        partial.rename(cue)
        try:
            await self.until(lambda: asyncio.to_thread(_gone, cue), within=within, what=f"{service} at {failpoint}")
        finally:
            cue.unlink(missing_ok=True)

    async def until(self, probe: Callable[[], Awaitable[Any]], *, within: float, what: str) -> Any:
        """The first true answer.

        Raises:
            NotInjected: there was none in time.
        """
        deadline = time.monotonic() + within
        while not (answer := await probe()):
            if time.monotonic() > deadline:
                raise NotInjected(f"{what}: not within {within:g} s")
            await asyncio.sleep(0.05)
        return answer

    # -- parts -------------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def database(self, name: str = "postgres") -> AsyncIterator[Any]:
        """The administrator's connection to a service's database."""
        connection = await asyncpg.connect(f"{self.stack.postgres.rsplit('/', 1)[0]}/{name}", timeout=10)
        try:
            yield connection
        finally:
            connection.terminate()

    async def temporal(self) -> TemporalClient:
        return await TemporalClient.connect(self.stack.temporal, namespace=self.stack.temporal_namespace)

    @property
    def addresses(self) -> Mapping[str, str]:
        return {"kafka": self.stack.kafka, "temporal": self.stack.temporal, "smtp": self.stack.smtp}


def _gone(cue: Path) -> bool:
    return not cue.exists()
