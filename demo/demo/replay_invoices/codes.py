"""Codes that Countersign takes, for articles and customers of any name."""

import re
from collections.abc import Iterable

_FORBIDDEN = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST = 40


def codes_for(names: Iterable[str], prefix: str) -> dict[str, str]:
    """A code per name, each another one: what a code may not hold becomes a dash, and what is taken gets a number."""
    codes: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = f"{prefix}.{_FORBIDDEN.sub('-', name)[:LONGEST]}"
        code, suffix = plain, 1
        while code in taken:
            suffix += 1
            code = f"{plain}.{suffix}"
        taken.add(code)
        codes[name] = code
    return codes
