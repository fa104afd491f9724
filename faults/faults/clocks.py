"""Wrong clocks: `libfaketime` in every process of the services, which reads by how much each is wrong from a file.

Monotonic clocks stay right, as on a machine whose time is set.
"""

from pathlib import Path

_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
"""Of Debian's package `faketime`."""
RIGHT = "+0"


def faketime() -> Path | None:
    """None: it is not installed here."""
    return _LIBRARIES[0] if _LIBRARIES else None


def file(folder: Path, service: str) -> Path:
    return folder / f"{service}.clock"


def environment(folder: Path, service: str) -> dict[str, str]:
    """What a service is started with, so that its clock can be set later; it is right at first."""
    if (preloaded := faketime()) is None:
        return {}
    file(folder, service).write_text(RIGHT)
    return {
        "LD_PRELOAD": str(preloaded),
        "FAKETIME_TIMESTAMP_FILE": str(file(folder, service)),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
