"""What the supervisor runs, as data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

AFTER_REQUESTS = ["nice", "-n", "15"]
"""Before the command of what nobody waits for: where processes share cores, those that answer requests have them first."""


@dataclass(frozen=True)
class Program:
    """One supervised process."""

    name: str
    command: list[str]
    directory: Path
    ports: dict[int, str]
    """Each port it must get, and what for."""
    why_not_ready: Callable[[], str | None]
    """None once it answers *as this instance*; otherwise what is still missing."""
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_patience: int = 20
    """Seconds before the supervisor kills it."""
    start_patience: float = 180
    """Seconds until `up` gives up on it."""
