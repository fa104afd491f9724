"""The story that `make demo` plays, told on the test stack."""

import asyncio
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACE = "2"
"""A mail that is late by seconds, on a busy machine, does not miss the next deadline."""


async def tell(stack, *arguments: str) -> str:
    """Plays it, and gives what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo", "--stack", stack.name, "--pace", PACE, *arguments,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(1200):
        output, _ = await process.communicate()
    told = output.decode()
    assert process.returncode == 0, told
    return told
