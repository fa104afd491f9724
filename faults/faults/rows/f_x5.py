"""F-X5. A disk that everybody shares is full: nothing that was said is lost, and room alone is enough to go on."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

from faults.full_disk import full
from faults.row import Row
from faults.system import INFRASTRUCTURE, Failed, NotInjected, System
from local_stack.layout import Layout

SECONDS = 30
ROOM = 150_000_000
READY_WITHIN = 90.0
KEPT = ("postgres", "kafka", "temporal", "mail", "logs", "traces")
"""Directories of the stack; all that it writes."""


async def inject(system: System) -> None:
    if os.geteuid() != 0:
        raise NotInjected("mounting a small file system takes root")
    async with _on_one_small_disk(system) as disk:
        await asyncio.sleep(5)
        with full(disk):
            await asyncio.sleep(system.lasting(SECONDS))
            system.notes["down_meanwhile"] = await asyncio.to_thread(_down, system)
        took = await system.ready(*system.everything)
        system.notes["ready_after_s"] = round(took, 1)
        await asyncio.sleep(5)
    if took > READY_WITHIN:
        raise Failed(f"with room again it took {took:.0f} s until everything was ready")


def _down(system: System) -> list[str]:
    """Whoever is not ready at once."""
    down = []
    for process in system.everything:
        try:
            system.stack.wait_ready(process, patience=1)
        except Exception:  # noqa: BLE001 - whatever keeps it from answering
            down.append(process)
    return down


@contextlib.asynccontextmanager
async def _on_one_small_disk(system: System) -> AsyncIterator[Path]:
    """Everything is ended, and goes on with what it has on a small disk; and so back at the end."""
    directory = Layout(system.stack.name).directory
    disk = directory / "small"
    async with _all_ended(system):
        await asyncio.to_thread(_move_there, directory, disk)
    try:
        yield disk
    finally:
        async with _all_ended(system):
            await asyncio.to_thread(_move_back, directory, disk)


@contextlib.asynccontextmanager
async def _all_ended(system: System) -> AsyncIterator[None]:
    processes = list(system.stack.processes)
    for group in (processes, INFRASTRUCTURE):
        await asyncio.gather(*(asyncio.to_thread(system.stack.stop, one) for one in group))
    try:
        yield
    finally:
        for group in (INFRASTRUCTURE, processes):
            await asyncio.gather(*(asyncio.to_thread(system.stack.start, one, patience=180) for one in group))


def _move_there(directory: Path, disk: Path) -> None:
    used = sum(file.stat().st_size for kept in KEPT for file in (directory / kept).rglob("*") if file.is_file())
    disk.mkdir(exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={used + ROOM},mode=755", "none", str(disk))
    for kept in KEPT:
        _run("cp", "-a", str(directory / kept), str(disk))
        _run("mount", "--bind", str(disk / kept), str(directory / kept))


def _move_back(directory: Path, disk: Path) -> None:
    for kept in KEPT:
        _run("umount", "-l", str(directory / kept))
        _run("find", str(directory / kept), "-mindepth", "1", "-delete")
        _run("cp", "-a", f"{disk / kept}/.", str(directory / kept))
    _run("umount", "-l", str(disk))
    disk.rmdir()


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotInjected(f"{words[0]}: {done.stderr.strip()[-200:]}")


row = Row("F-X5", "whole box", "disk full for everything", "I7 I8", inject, alone=True)
