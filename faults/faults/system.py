"""What a row may do to the running system."""

import asyncio
import contextlib
import math
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from temporalio.client import Client as TemporalClient

from faults import alarms, clocks
from faults.beside import Beside
from faults.journal import Journal
from faults.load import Load
from faults.proxy import Proxy
from faults.sources import Change, python_path
from local_stack import Stack, StackError
from local_stack.layout import Layout

T = TypeVar("T")

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
    load: Load
    build: Callable[[Sequence[Change]], Path]
    """A copy of the code with these changes."""
    tell: Callable[[str, Mapping[str, str]], Awaitable[None]]
    """Starts a service again with these variables besides its usual ones, for good."""
    proxies: Mapping[str, Proxy] = field(default_factory=dict)
    """To `postgres`, `kafka`, `temporal`, `smtp`: those that the rows of this run asked for."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What a row wants to see in its result."""
    longest: float = math.inf
    """Seconds that a fault lasts at most in this run."""
    alone: bool = True
    """No other fault comes at the same time: speeds can be compared."""
    made: set[str] = field(default_factory=set)
    """Places, keys and ids of records that the rows have put there themselves. Where there are some, what `Row.allows` names
    is allowed of them only."""

    def lasting(self, seconds: float) -> float:
        """How long a fault of this length is to last here."""
        return min(seconds, self.longest)

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

    @contextlib.asynccontextmanager
    async def away(self, *processes: str) -> AsyncIterator[None]:
        """SIGKILL; the supervisor, who would start them again at once, leaves them down until the end of this."""
        real = self._real(processes)
        await self.kill(*real)
        await asyncio.gather(*(asyncio.to_thread(self.stack.stop, process) for process in real))
        try:
            yield
        finally:
            await asyncio.gather(*(asyncio.to_thread(self.stack.start, process) for process in real))

    @contextlib.asynccontextmanager
    async def beside(self, *changes: Change) -> AsyncIterator[Beside]:
        """For processes of a build with these changes, which are ended at the end of this."""
        code = await asyncio.to_thread(self.build, changes)
        beside = Beside(self.stack, python_path(code))
        try:
            yield beside
        finally:
            await beside.stop_all()

    async def ready(self, *processes: str) -> float:
        """Waits until each answers as itself; seconds that it took."""
        began = time.monotonic()
        wait = [
            asyncio.to_thread(self.stack.wait_ready, process, patience=READY_WITHIN)
            for process in self._real(processes)
        ]
        await asyncio.gather(*wait)
        return time.monotonic() - began

    async def operate(self, service: str, *words: str, **settings: str) -> str:
        """What an operator types, `python -m <service> <words>`, and what it says.

        Raises:
            Failed: it ended with an error.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", service, *words),
            env={**os.environ, **self.stack.environment[service], "COLUMNS": "250", **settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise Failed(f"{service} {' '.join(words)}: {output.decode(errors='replace')[-500:]}")
        return output.decode(errors="replace")

    def said(self, process: str, words: str) -> int:
        """How often these words are in its log."""
        log = Layout(self.stack.name).logs / f"{process}.log"
        return log.read_text(errors="replace").count(words) if log.exists() else 0

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

    @contextlib.asynccontextmanager
    async def slowed(self, failpoint: str, service: str, seconds: float) -> AsyncIterator[None]:
        """Each time that the service comes by this place it takes so long."""
        cue = self.cues / f"{service}.{failpoint}"
        cue.write_text(str(seconds))
        try:
            yield
        finally:
            cue.unlink()

    async def until(self, probe: Callable[[], Awaitable[Any]], *, within: float, what: str) -> Any:
        """The first true answer.

        Raises:
            NotInjected: there was none in time.
        """
        answer = await self.comes(probe, within=within)
        if not answer:
            raise NotInjected(f"{what}: not within {within:g} s")
        return answer

    async def comes(self, probe: Callable[[], Awaitable[T]], *, within: float) -> T:
        """The first true answer, or the last one."""
        deadline = time.monotonic() + within
        while not (answer := await probe()):
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.05)
        return answer

    # -- clocks ------------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def clock(self, service: str, wrong: str) -> AsyncIterator[None]:
        """By so much: `+10m`, `-1h`; right again at the end. The row is `clocked`.

        Raises:
            NotInjected: clocks can not be set here.
        """
        if clocks.faketime() is None:
            raise NotInjected("libfaketime is not installed")
        file = clocks.file(self.cues, service)
        file.write_text(wrong)
        try:
            yield
        finally:
            file.write_text(clocks.RIGHT)

    # -- alarms ------------------------------------------------------------------------------------------------------

    async def alarm(self, name: str, within: float, *, beside: Mapping[str, str] | None = None) -> float:
        """Seconds until this rule of `deploy/alarms.yaml` fired.

        Args:
            beside: base URLs of processes that are not the stack's own, by name.

        Raises:
            Failed: it did not in time.
        """
        began = time.monotonic()
        firing, highest = await alarms.fires(alarms.rules()[name], {**self.stack.processes, **(beside or {})}, within)
        if not firing:
            raise Failed(f"the alarm {name} did not come within {within:g} s; its metric was {highest:g} at most")
        took = round(time.monotonic() - began, 1)
        self.notes.setdefault("alarms", {})[name] = {"after_s": took, "of": [" ".join(one) for one in firing]}
        return took

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
