"""What clients asked and were told, as JSON lines: the only witness of the load that the checker hears.

A line is an intent (`asked`), the end of one of its attempts, its own end where it was given up (`gave_up`), or a moment of
the run (`mark`). Times are seconds since 1970. It holds ids, numbers, codes and amounts; no token, no password.
"""

import json
import time
from pathlib import Path
from typing import Any


class Journal:
    """Appends; a line is on its way to the disk before the next request is sent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._out = path.open("a", buffering=1)

    def write(self, **line: Any) -> None:
        self._out.write(json.dumps(line, default=str) + "\n")

    def mark(self, what: str, **facts: Any) -> float:
        """Notes a moment of the run, and says which."""
        at = time.time()
        self.write(mark=what, at=at, **facts)
        return at

    def close(self) -> None:
        self._out.close()
