"""A small file system in place of a directory, that can be filled to the last byte."""

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from faults.system import NotInjected, System
from local_stack.layout import Layout

_FILLER = "faults-filler"


def data_of_postgres(system: System) -> Path:
    return Layout(system.stack.name).directory / "postgres" / "data"


@contextlib.asynccontextmanager
async def small(system: System, process: str, directory: Path, *, room: int) -> AsyncIterator[None]:
    """The process is ended in good order and started again with its directory on a tmpfs that has so many bytes left, and
    so once more at the end, back on its disk.

    Raises:
        NotInjected: nothing can be mounted here.
    """
    if os.geteuid() != 0:
        raise NotInjected("mounting a small file system takes root")
    async with _ended(system, process):
        await asyncio.to_thread(_make_small, directory, room)
    try:
        yield
    finally:
        async with _ended(system, process):
            await asyncio.to_thread(_put_back, directory)


def _make_small(directory: Path, room: int) -> None:
    size = sum(file.stat().st_size for file in directory.rglob("*") if file.is_file()) + room
    directory.rename(_aside(directory))
    directory.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(directory)]
    if subprocess.run(mounting, check=False).returncode:
        directory.rmdir()
        _aside(directory).rename(directory)
        raise NotInjected("no tmpfs can be mounted")
    _copy(_aside(directory), directory)


def _put_back(directory: Path) -> None:
    shutil.rmtree(_aside(directory))
    _aside(directory).mkdir()
    _copy(directory, _aside(directory))
    subprocess.run(["umount", str(directory)], check=True)
    directory.rmdir()
    _aside(directory).rename(directory)


def _aside(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}.aside")


@contextlib.asynccontextmanager
async def _ended(system: System, process: str) -> AsyncIterator[None]:
    await asyncio.to_thread(system.stack.stop, process)
    try:
        yield
    finally:
        await asyncio.to_thread(system.stack.start, process)


def _copy(source: Path, target: Path) -> None:
    """With owners and modes."""
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], check=True)


@contextlib.contextmanager
def full(directory: Path) -> Iterator[None]:
    """Not a byte is left."""
    filler = directory / _FILLER
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for piece in (1 << 20, 4096):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * piece)
    try:
        yield
    finally:
        filler.unlink()
