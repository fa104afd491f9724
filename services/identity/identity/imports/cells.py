"""Cells of a file of ours: what a spreadsheet would run is made harmless, and several values share a cell."""

import re
from collections.abc import Iterable

from contracts.shared.values import Money

_RUNS = re.compile(r"'*[=+\-@\t\r]")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r]")
_PART = re.compile(r"(?:\\.|[^|\\]|\\$)+", re.DOTALL)


def neutral(cell: str) -> str:
    """What no spreadsheet takes for a formula; `plain` turns it back."""
    return f"'{cell}" if _RUNS.match(cell) else cell


def plain(cell: str) -> str:
    """What a cell says, without the apostrophe that made it harmless."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell


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
