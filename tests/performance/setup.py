"""P14: from a fresh clone to the finished demo, with nothing on the machine but Python, make and git."""

import asyncio
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.performance.figures import Interval, Result, Shape, Void, benchmark
from tests.performance.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
PORTS = 5_000
"""The demo's ports stand so far above those of this run."""
KEPT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "PIP_INDEX_URL",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
)
"""Of the environment; a proxy, or another index of packages, is the machine's own affair."""


async def _run(folder: Path, environment: Mapping[str, str], *command: str, within: float) -> float:
    """Seconds.

    Raises:
        Void: it failed or took too long.
    """
    begun = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), within)
    except TimeoutError:
        process.kill()
        raise Void(f"{' '.join(command)} took more than {within:g} s") from None
    if process.returncode:
        raise Void(f"{' '.join(command)} failed: {said.decode(errors='replace')[-400:]}")
    return time.monotonic() - begun


@benchmark("P14-first", "P14-again", shape=Shape.NOTHING)
async def from_a_clone(stage: Stage) -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="countersign-", ignore_cleanup_errors=True) as folder:
        home, clone = Path(folder) / "home", Path(folder) / "countersign"
        home.mkdir()
        kept = {name: value for name, value in os.environ.items() if name in KEPT or name.lower().endswith("_proxy")}
        base = str(int(os.environ.get("COUNTERSIGN_PORT_BASE", "18000")) + PORTS)
        environment = {**kept, "HOME": str(home), "COUNTERSIGN_PORT_BASE": base}
        cloned = await _run(home, environment, "git", "clone", "--quiet", str(ROOT), str(clone), within=60)
        try:
            first = cloned + await _run(clone, environment, "make", "demo", within=360)
            await _run(clone, environment, "make", "down", within=60)
            again = await _run(clone, environment, "make", "demo", within=180)
        finally:
            await _run(clone, environment, "make", "down", within=60)
    settings = {"home": "empty", "clone_seconds": round(cloned, 1)}
    return [
        Result("P14-first", Interval(first, first, first), settings),
        Result("P14-again", Interval(again, again, again), {**settings, "stack": "stopped before"}),
    ]
