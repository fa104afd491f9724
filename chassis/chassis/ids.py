"""Identifiers that sort by the time they were made, so that indexes grow at their end."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): 48 bits of milliseconds, 74 random bits."""
    return new_ids(1)[0]


def new_ids(count: int) -> list[UUID]:
    """Many at once: the system is asked for randomness once, which takes longer than all the rest."""
    milliseconds = time.time_ns() // 1_000_000
    fixed = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | 0b10 << 62
    randomness = os.urandom(10 * count)
    return [_id(fixed, int.from_bytes(randomness[at : at + 10], "big")) for at in range(0, len(randomness), 10)]


def _id(fixed: int, random: int) -> UUID:
    return UUID(int=fixed | (random >> 62 & 0xFFF) << 64 | random & (1 << 62) - 1)
