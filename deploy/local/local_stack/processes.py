"""Who runs, who listens: read from /proc, because no Python package is needed for it.

On a system without /proc the answers are "nobody" and "unknown"; callers say so instead of guessing.
"""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from local_stack.errors import StackError
from local_stack.layout import Layout

PROC = Path("/proc")
_LISTEN = "0A"


def running(pid: int) -> bool:
    """Zombies do not count: they hold nothing any more."""
    try:
        return (PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        if PROC.exists():
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def command_of(pid: int) -> str:
    """The command line, shortened for a message."""
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "unknown"
    text = " ".join(words).strip()
    return text if len(text) <= 120 else f"{text[:117]}..."


def _pids() -> Iterator[int]:
    if PROC.exists():
        yield from (int(entry) for entry in os.listdir(PROC) if entry.isdigit())


def members(layout: Layout) -> list[int]:
    """Every process of this stack, whoever its parent is now.

    They carry the stack's marker in their environment. PostgreSQL overwrites that memory with its process title,
    but each of its processes works in the data directory.
    """
    data = str(layout.directory / "postgres" / "data")
    found = []
    for pid in _pids():
        if pid == os.getpid():
            continue
        entry = PROC / str(pid)
        with contextlib.suppress(OSError):
            marked = layout.marker.encode() in (entry / "environ").read_bytes().split(b"\0")
            if (marked or _is_postgres_in(entry, data)) and running(pid):
                found.append(pid)
    return found


def _is_postgres_in(entry: Path, data: str) -> bool:
    return _executable(entry) == "postgres" and os.readlink(entry / "cwd") == data


def _executable(entry: Path) -> str:
    try:
        return os.path.basename(os.readlink(entry / "exe"))
    except OSError:
        return ""


def end(pids: list[int], *, patience: float) -> None:
    """Ask, wait, then kill. PostgreSQL takes SIGINT for "now", SIGTERM for "when all clients have left"."""
    for pid in pids:
        polite = signal.SIGINT if _executable(PROC / str(pid)) == "postgres" else signal.SIGTERM
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, polite)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and any(map(running, pids)):
        time.sleep(0.05)
    for pid in filter(running, pids):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(map(running, pids)):
        time.sleep(0.05)
    if survivors := [pid for pid in pids if running(pid)]:
        raise StackError(
            "These processes of the stack do not end: "
            + "; ".join(f"{pid} ({command_of(pid)})" for pid in survivors)
            + ". They may belong to another user, or wait for a disk."
        )


def holders(port: int) -> set[int]:
    """The processes listening on a local port: empty when unknown (no /proc, or another user's process)."""
    sockets = _listening(port)
    return {pid for pid in _pids() if sockets & _sockets_of(pid)} if sockets else set()


def listens(pid: int, port: int) -> bool:
    """Whether this process itself holds the port: a forgotten one on the same port must not answer for it."""
    return not PROC.exists() or bool(_listening(port) & _sockets_of(pid))


def _listening(port: int) -> set[str]:
    """The sockets that listen on a port, as the links under /proc/…/fd name them."""
    sockets = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == _LISTEN and int(columns[1].rsplit(":", 1)[1], 16) == port:
                    sockets.add(f"socket:[{columns[9]}]")
    return sockets


def _sockets_of(pid: int) -> set[str]:
    links: set[str] = set()
    with contextlib.suppress(OSError), os.scandir(PROC / str(pid) / "fd") as descriptors:
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                links.add(os.readlink(descriptor.path))
    return links


def demand_free(port: int, purpose: str) -> None:
    """Raises `StackError` that names the port, what it is for, who has it and what to do."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            pass
        else:
            return
    owners = sorted(holders(port))
    who = (
        " and ".join(f"process {pid} ({command_of(pid)})" for pid in owners)
        if owners
        else "a process I may not look at (another user's, or outside this container)"
    )
    raise StackError(
        f"Port {port}, wanted for {purpose}, is taken by {who}. "
        f"Stop that process, or choose other ports, for example COUNTERSIGN_PORT_BASE={port // 1000 + 1}000 make up."
    )
