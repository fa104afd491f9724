"""The one place where the wall clock is read. Entry points read it and pass the time in."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
