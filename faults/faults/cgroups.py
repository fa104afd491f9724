"""Limits on running processes, by control groups of version 1 or 2, for root."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from faults.system import NotInjected, System

_ROOT = Path("/sys/fs/cgroup")
_PERIOD = 100_000
"""Microseconds."""


@contextlib.asynccontextmanager
async def cpu_share(system: System, share: float, *processes: str) -> AsyncIterator[None]:
    """All of them together get this share of one processor."""
    quota = int(share * _PERIOD)
    ours = _settings("cpu", {"cpu.cfs_quota_us": str(quota)}, {"cpu.max": f"{quota} {_PERIOD}"})
    async with _group(system, "cpu", ours, processes):
        yield


@contextlib.asynccontextmanager
async def memory_more(system: System, more: int, *processes: str) -> AsyncIterator[None]:
    """They get so many bytes more than they have, and are killed when they take them.

    What a process has already stays with the group in which it took it.
    """
    ours = _settings("memory", {"memory.limit_in_bytes": str(more)}, {"memory.max": str(more), "memory.swap.max": "0"})
    async with _group(system, "memory", ours, processes):
        yield


def _settings(controller: str, first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    return first if (_ROOT / controller).is_dir() else second


@contextlib.asynccontextmanager
async def _group(
    system: System, controller: str, settings: dict[str, str], processes: Iterable[str]
) -> AsyncIterator[None]:
    """
    Raises:
        NotInjected: there are no control groups here, or they are not ours to set.
    """
    parent = _ROOT / controller if (_ROOT / controller).is_dir() else _ROOT
    group, home = parent / f"countersign-{system.stack.name}", parent
    try:
        pids = [await asyncio.to_thread(system.stack.pid, process) for process in processes]
        home = _home(pids[0], controller, parent)
        group.mkdir(exist_ok=True)
        for name, value in settings.items():
            (group / name).write_text(value)
        _move(pids, group)
    except OSError as error:
        raise NotInjected(f"no control group for {controller}: {error}") from error
    try:
        yield
    finally:
        _move(map(int, (group / "cgroup.procs").read_text().split()), home)
        group.rmdir()


def _home(pid: int, controller: str, parent: Path) -> Path:
    """The group that the process is in."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(",") or not controllers:
            found = parent / path.lstrip("/")
            if found.is_dir():
                return found
    return parent


def _move(pids: Iterable[int], group: Path) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            if os.path.exists(f"/proc/{pid}"):
                (group / "cgroup.procs").write_text(str(pid))
