"""What the kernel answers to processes that run: `strace --inject`."""

import asyncio
import contextlib
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from faults.system import NotInjected, System
from local_stack.layout import Layout


@contextlib.asynccontextmanager
async def injected(system: System, pids: Sequence[int], calls: str, what: str) -> AsyncIterator[Path]:
    """These processes, and those that they begin, get `what` (`error=EIO:when=1`) for these calls (`fsync,fdatasync`).

    Hands out the file where the calls are written down, those that were injected marked `(INJECTED)` or `(DELAYED)`.

    Raises:
        NotInjected: strace is not here, or may not attach.
    """
    strace = shutil.which("strace")
    if strace is None:
        raise NotInjected("strace is not installed")
    out = Layout(system.stack.name).logs / "strace.log"
    out.unlink(missing_ok=True)
    attached = [word for pid in pids for word in ("-p", str(pid))]
    process = await asyncio.create_subprocess_exec(
        *(strace, "-f", "-o", str(out), "-e", f"trace={calls}", "-e", f"inject={calls}:{what}", *attached),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(15):
            while b"attached" not in (line := await process.stderr.readline()):
                if not line:
                    raise NotInjected("strace may not attach")
        reading = asyncio.create_task(process.stderr.read())
        yield out
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)  # it lets them go
        await process.wait()
    await reading


async def postgres_processes(system: System, *kinds: str) -> list[int]:
    """Process ids by `backend_type`; all of them, and the postmaster, without kinds."""
    async with system.database() as admin:
        rows = await admin.fetch("SELECT pid, backend_type FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    postmaster = [] if kinds else [await asyncio.to_thread(system.stack.pid, "postgres")]
    return postmaster + [row["pid"] for row in rows if not kinds or row["backend_type"] in kinds]


def many(out: Path, mark: str) -> int:
    """How many calls were marked so."""
    return out.read_text(errors="replace").count(mark) if out.exists() else 0
