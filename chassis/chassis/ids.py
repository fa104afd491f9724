"""Identifiers that sort by when they were made: indexes grow at their end, and lists show what is newest first."""

import os
import time
from uuid import UUID

_MILLISECOND = 1_000_000
"""In nanoseconds."""


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562, 6.2, method 3): 48 bits of milliseconds, 12 of the fraction of one, 62 random bits."""
    return new_ids(1)[0]


def new_ids(count: int) -> list[UUID]:
    """Many of one moment: the system is asked for randomness once, which takes longer than all the rest."""
    milliseconds, rest = divmod(time.time_ns(), _MILLISECOND)
    moment = milliseconds << 80 | 0x7 << 76 | (rest << 12) // _MILLISECOND << 64 | 0b10 << 62
    randomness = os.urandom(8 * count)
    return [
        UUID(int=moment | int.from_bytes(randomness[at : at + 8], "big") >> 2) for at in range(0, len(randomness), 8)
    ]
