"""What a cell says: several values may share one."""

import re
from collections.abc import Iterable

from contracts.shared.values import Money

_PART = re.compile(r"(?:\\.|[^|\\]|\\$)+", re.DOTALL)


def joined(values: Iterable[str]) -> str:
    r"""Several values in one cell: `retail|horeca`; within a value `|` is written `\|`."""
    return "|".join(value.replace("\\", "\\\\").replace("|", "\\|") for value in values)


def parted(cell: str) -> list[str]:
    """The values of a cell, without empty ones."""
    parts = (re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL).strip() for part in _PART.findall(cell))
    return [part for part in parts if part]


def yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def amount(money: Money | None) -> str:
    """`100.00 EUR`."""
    return f"{money.amount} {money.currency}" if money else ""


def amount_of(cell: str) -> dict[str, str]:
    number, _, currency = cell.strip().partition(" ")
    return {"amount": number.replace(",", "."), "currency": currency.strip()}
