"""Goes into the patched copies of the code that fault runs start, and nowhere else: a process that dies on cue.

A cue is a file `<service>.<name>` in `COUNTERSIGN_FAILPOINTS`. Who takes it away is who acts on it, once.
"""

import asyncio
import os
import signal
import sys
import time


def failpoint(name: str) -> None:
    """Does what the cue says: `kill` or `stop` this process, or `sleep <seconds>`."""
    folder = os.environ.get("COUNTERSIGN_FAILPOINTS", "")
    cue = os.path.join(folder, f"{sys.orig_argv[2]}.{name}")
    try:
        with open(cue) as file:
            act = file.read().split()
        os.unlink(cue)
    except OSError:
        return
    if act[0] == "sleep":
        time.sleep(float(act[1]))
    else:
        os.kill(os.getpid(), {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}[act[0]])


async def slow(name: str) -> None:
    """Takes as many seconds as the cue says, each time, as long as it is there."""
    if seconds := _asked(name):
        await asyncio.sleep(float(seconds))


def _asked(name: str) -> str:
    try:
        with open(os.path.join(os.environ.get("COUNTERSIGN_FAILPOINTS", ""), f"{sys.orig_argv[2]}.{name}")) as file:
            return file.read()
    except OSError:
        return ""
