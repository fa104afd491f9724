"""One run: starts the stack on a copy of the code, and for each row: load, fault, quiet, checker."""

import asyncio
import json
import math
import os
import random
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

import local_stack
from faults import clocks
from faults.journal import Journal
from faults.load import Load
from faults.proxy import Proxy
from faults.row import Row
from faults.shop import Shop
from faults.sources import Change, Failpoint, Patch, copy, python_path
from faults.system import NotInjected, System
from local_stack import Stack
from local_stack.layout import SERVICES, Layout

RATE = 2.5
"""People a second: two cores carry it with everything else of the machine."""
COMPANIES = 3
AFTER_MAX = 45.0
"""Seconds of load after the fault at most: until it is served on time again."""
SETTLES_WITHIN = 60
"""Seconds."""
_PROXY_PORTS = 60
"""Above that of the part."""


@dataclass(frozen=True)
class Pace:
    """Seconds of load: that do not count, that the rate is compared with, and in which all must be served on time again."""

    warm_up: float
    before: float
    window: float


THOROUGH, BRISK = Pace(3, 8, 10), Pace(1, 4, 5)


@dataclass(frozen=True)
class Schedule:
    """One or more rows at once; each begins after its delay in seconds."""

    rows: Sequence[Row]
    delays: Sequence[float]

    @classmethod
    def of(cls, *rows: Row) -> "Schedule":
        return cls(rows, [0.0] * len(rows))

    @property
    def name(self) -> str:
        return " x ".join(row.number for row in self.rows)

    @property
    def needs(self) -> tuple[frozenset[str], bool]:
        """Of its stack: what is reached through proxies, and whether clocks can be set."""
        return frozenset(part for row in self.rows for part in row.proxied), any(row.clocked for row in self.rows)


@dataclass
class Result:
    """What `latest.json` says of one schedule."""

    row: str
    fault: str
    seed: int
    result: str = "passed"
    """`passed`, `failed`, or `not injected`, which counts as neither."""
    why: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    allowed: list[dict[str, Any]] = field(default_factory=list)
    progress: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


class Bench:
    """A stack under faults, from its start to the verdicts."""

    def __init__(self, name: str, checkout: Path, seed: int, *, split: bool) -> None:
        self._name = name
        self._checkout = checkout
        self._seed = seed
        self._split = split
        self._folder = Layout(name).directory.with_name("faults") / name
        self._known: set[tuple[str, ...]] = set()
        """Findings that were reported already: what one row broke is not held against the next."""
        self._proxies: dict[str, Proxy] = {}
        self._detours: dict[str, dict[str, str]] = {}
        """By service, the variables that lead it through the proxies."""
        self._clocked = False
        self._told: dict[str, Mapping[str, str]] = {}
        """By service, what rows told it besides."""
        self._code: Path
        self._stack: Stack
        self._shop: Shop
        self._journal: Journal

    @classmethod
    def start(
        cls,
        name: str,
        checkout: Path,
        changes: Sequence[Patch | Failpoint],
        seed: int,
        *,
        fresh: bool = True,
        split: bool = True,
        proxied: Sequence[str] = (),
        clocked: bool = False,
    ) -> "Bench":
        """Brings the stack up on a copy of the checkout's code with these changes.

        Args:
            proxied: parts that the services reach through a proxy.
            clocked: the services' clocks can be set.
        """
        bench = cls(name, checkout, seed, split=split)
        if fresh:
            shutil.rmtree(bench._folder, ignore_errors=True)
        bench._cues.mkdir(parents=True, exist_ok=True)
        bench._code = copy(checkout, bench._folder / "code", changes)
        if proxied:
            bench._put_between(proxied, fresh=fresh)
        bench._clocked = clocked
        bench._stack = bench._up({}, fresh=fresh and not proxied)
        bench._journal = Journal(bench._folder / "journal.jsonl")
        return bench

    @property
    def _cues(self) -> Path:
        return self._folder / "cues"

    def _up(self, others: Mapping[str, Path], *, fresh: bool = False) -> Stack:
        overrides = {
            service: {
                "PYTHONPATH": python_path(others.get(service, self._code)),
                "COUNTERSIGN_FAILPOINTS": str(self._cues),
                **self._detours.get(service, {}),
                **(clocks.environment(self._cues, service) if self._clocked else {}),
                **self._told.get(service, {}),
            }
            for service in SERVICES
        }
        return local_stack.up(self._name, split=self._split, fresh=fresh, overrides=overrides)

    def _put_between(self, proxied: Sequence[str], *, fresh: bool) -> None:
        """Starts the proxies and the parts behind them."""
        layout = Layout(self._name)
        for part in proxied:
            target = layout.port(part)
            self._proxies[part] = Proxy(target + _PROXY_PORTS, target)
            self._proxies[part].start()
        if "kafka" in self._proxies:
            os.environ["COUNTERSIGN_KAFKA_ADVERTISED"] = f"127.0.0.1:{self._proxies['kafka'].port}"
        stack = local_stack.up(self._name, split=self._split, fresh=fresh, infra_only=True)
        for service, environment in stack.environment.items():
            self._detours[service] = {
                name: value.replace(f"127.0.0.1:{proxy.target}", f"127.0.0.1:{proxy.port}")
                for proxy in self._proxies.values()
                for name, value in environment.items()
                if f"127.0.0.1:{proxy.target}" in value
            }

    def close(self, *, keep: bool = False) -> None:
        """Ends the stack, unless it is to be kept, and what stands before its parts."""
        if not keep:
            local_stack.down(self._name)
        for proxy in self._proxies.values():
            proxy.stop()
        os.environ.pop("COUNTERSIGN_KAFKA_ADVERTISED", None)

    async def change(self, service: str, changes: Sequence[Patch | Failpoint]) -> None:
        """Restarts this service on a copy with these changes, and the others as they were."""
        code = await asyncio.to_thread(copy, self._checkout, self._folder / "code", changes)
        await asyncio.to_thread(self._up, {service: code})

    async def open(self, http: httpx2.AsyncClient, companies: int = COMPANIES) -> None:
        """The merchant's shop and its companies; once."""
        urls = {service: self._client_url(service, url) for service, url in self._stack.services.items()}
        self._shop = Shop.of(self._stack, urls, self._journal, http, self._seed, format(int(time.time()), "x"))
        await self._shop.open(self._stack, companies)

    def _client_url(self, service: str, url: str) -> str:
        """Through the proxy, where rows asked for one before the API."""
        proxy = self._proxies.get(f"{service}-api")
        return url.replace(f":{proxy.target}", f":{proxy.port}") if proxy else url

    def hands(self, longest: float = math.inf, *, alone: bool = True) -> tuple[Load, System]:
        """For one schedule, whose faults last at most so many seconds."""
        chance = random.Random(self._seed)
        load = Load(self._shop, RATE, self._seed)
        system = System(
            self._stack,
            self._cues,
            self._journal,
            chance,
            load,
            self._build,
            self._tell,
            self._proxies,
            longest=longest,
            alone=alone,
        )
        return load, system

    async def _tell(self, service: str, told: Mapping[str, str]) -> None:
        self._told[service] = told
        await asyncio.to_thread(self._up, {})

    def _build(self, changes: Sequence[Change]) -> Path:
        return copy(self._checkout, self._folder / "code", changes)

    async def run(self, schedule: Schedule, pace: Pace = THOROUGH, longest: float = math.inf) -> Result:
        journal = self._journal
        result = Result(schedule.name, "; ".join(row.fault for row in schedule.rows), self._seed)
        load, system = self.hands(longest, alone=len(schedule.rows) == 1)
        loading = asyncio.create_task(load.run())
        await asyncio.sleep(pace.warm_up)
        journal.mark("before", row=schedule.name)
        await asyncio.sleep(pace.before)
        journal.mark("fault", row=schedule.name)
        injected = await asyncio.gather(
            *(_after(delay, row.inject, system) for row, delay in zip(schedule.rows, schedule.delays, strict=True)),
            return_exceptions=True,
        )
        over = journal.mark("fault-over", row=schedule.name)
        await _load_until_served(load, over, pace.window)
        journal.mark("load-over", row=schedule.name)
        load.stop()
        await loading
        verdict = await self.verdict(window=pace.window)
        self._judge(result, schedule, system.made, injected, verdict)
        result.notes |= system.notes | {"surprises": load.surprises[:20]}
        return result

    async def verdict(self, settle: float = SETTLES_WITHIN, window: float = THOROUGH.window) -> dict[str, Any]:
        """The checker's, a process of its own."""
        out = self._folder / "verdict.json"
        out.unlink(missing_ok=True)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "checker", "--stack", str(Layout(self._name).file)),
            *("--journal", str(self._journal.path), "--contract", str(self._code / "contracts")),
            *("--settle", str(settle), "--window", str(window)),
            *("--mails", str(self._folder / "mails.json"), "--out", str(out)),
        )
        if await process.wait() not in (0, 3):
            raise RuntimeError("the checker broke; its own words are above")
        return dict(json.loads(out.read_text()))

    def news(self, verdict: dict[str, Any]) -> list[dict[str, Any]]:
        """Findings that were not reported before."""
        fresh = [found for found in verdict["findings"] if (found["kind"], *found["ids"]) not in self._known]
        self._known |= {(found["kind"], *found["ids"]) for found in fresh}
        return fresh

    def _judge(
        self,
        result: Result,
        schedule: Schedule,
        made: set[str],
        injected: Sequence[BaseException | None],
        verdict: dict[str, Any],
    ) -> None:
        allows = {kind for row in schedule.rows for kind in row.allows}
        for found in self.news(verdict):
            allowed = found["kind"] in allows and (not made or made & set(found["ids"]))
            (result.allowed if allowed else result.findings).append(found)
        result.progress = verdict["progress"]
        if result.findings:
            result.result = "failed"
        for error in injected:
            if isinstance(error, NotInjected):
                result.result = "not injected"
            elif error is not None:
                result.result = "failed"
            if error is not None:
                result.why.append(f"{type(error).__name__}: {error}")


async def _after(delay: float, inject: Callable[[System], Awaitable[None]], system: System) -> None:
    await asyncio.sleep(delay)
    await inject(system)


async def _load_until_served(load: Load, over: float, window: float) -> None:
    """Until those who came in the last `window` were served on time; the checker judges whether that was soon enough."""
    at_least = window + load.ON_TIME + 1
    while (passed := time.time() - over) < AFTER_MAX:
        if passed >= at_least and load.on_time(time.time() - window - load.ON_TIME):
            return
        await asyncio.sleep(0.5)
