"""What a cell says: several values may share one."""

import re
from collections.abc import Iterable

from pydantic import ValidationError

from contracts.shared.values import Money

_THOUSANDS_OR_DECIMALS = re.compile(r",\d{3}$")
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


def amount_of(cell: str | None) -> Money | None:
    """Of `100.00 EUR`, or `100,00 EUR`; an empty cell is none.

    Raises:
        ValueError: it is no amount in a currency, or may be two: `5,000 EUR` is five, or five thousand.
    """
    if not cell:
        return None
    number, _, currency = cell.strip().partition(" ")
    if _THOUSANDS_OR_DECIMALS.search(number):
        raise ValueError("thousands or decimals? write 5000.00 or 5.00")
    try:
        return Money.model_validate({"amount": number.replace(",", "."), "currency": currency.strip()})
    except ValidationError:  # which would name the parts of an amount as if they were columns
        raise ValueError("it is no amount in a currency, as 100.00 EUR is") from None
