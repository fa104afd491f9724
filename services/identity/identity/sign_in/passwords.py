"""Passwords: how strong they must be, and argon2id in threads of its own, so that hashing never stops the event loop."""

import asyncio
import string
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import NewType

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from chassis.errors import Invalid, Problem

SHORTEST, LONGEST = 10, 128
FEWEST_DIFFERENT = 5
THREADS = 2

PasswordHash = NewType("PasswordHash", str)


def check_strength(password: str, *, pointer: str, about: tuple[str, ...] = ()) -> None:
    """Long, not a few characters repeated or counted, not what thousands have taken, with or without digits around it, and
    not made of what everybody knows of the person.

    Args:
        pointer: where it stands in the request.
        about: his address and name.

    Raises:
        Invalid: it is not.
    """
    lower = password.lower()
    known = {part for text in about for part in text.lower().replace("@", " ").split() if len(part) >= 4}
    stripped = lower
    for part in sorted(known, key=len, reverse=True):
        stripped = stripped.replace(part, "")
    if not SHORTEST <= len(password) <= LONGEST:
        reason = f"A password has {SHORTEST} to {LONGEST} characters."
    elif len(set(lower)) < FEWEST_DIFFERENT or _counts(lower):
        reason = "It is too regular."
    elif len(stripped) < SHORTEST // 2:
        reason = "It is made of your name or address."
    elif lower in _common() or stripped.strip(string.digits + string.punctuation + string.whitespace) in _common():
        reason = "Too many people have the same one."
    else:
        return
    raise Invalid("password-too-weak", reason, problems=[Problem(pointer, "password-too-weak", reason)])


@cache
def _common() -> frozenset[str]:
    """The 30,000 that were found most often, in lower case. Imported here: only who checks passwords has them in memory."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def _counts(text: str) -> bool:
    """`1234567890`, `abcdefghij`, and the same backwards: each character is the neighbour of the one before."""
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}


class Passwords:
    """Hashes and verifies; one per process. At most `THREADS` at once, the others wait their turn."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """`hasher`: with other costs, for tests."""
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._nobody = PasswordHash(self._hasher.hash("nobody has this password"))

    async def hash(self, password: str, *, pointer: str = "/password", about: tuple[str, ...] = ()) -> PasswordHash:
        """
        Raises:
            Invalid: it is too weak.
        """
        check_strength(password, pointer=pointer, about=about)
        return await self.hash_again(password)

    async def hash_again(self, password: str) -> PasswordHash:
        """Of one that is somebody's already, however strong it is."""
        hashed = await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)
        return PasswordHash(hashed)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other costs than one would be made with now."""
        return self._hasher.check_needs_rehash(password_hash)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """The same work for an account that does not exist (None), so that time tells nothing."""
        verified = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._verify, password_hash or self._nobody, password
        )
        return verified and password_hash is not None

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
