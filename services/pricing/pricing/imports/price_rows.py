"""Rows of a file of prices: `article,from_quantity,price,valid_from,valid_until`."""

import re
from datetime import UTC, date, datetime, timedelta

from pricing.imports.csv_file import Columns, Rejected, order_of

COLUMNS = Columns(required=("article", "price"), optional=("from_quantity", "valid_from", "valid_until"))

_NUMBER = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,6})?", re.ASCII)

Accepted = tuple[int, int, str, str, str, str]
"""Row, number of the article, quantity, price, beginning and end, as `COPY` reads them."""


class PriceRows:
    """Looks at rows one after the other; remembers which prices it has seen.

    Written for speed: what is accepted is passed on as the text that it is.

    Args:
        articles: number by code.
    """

    def __init__(self, header: list[str], articles: dict[str, int]) -> None:
        self._places = order_of(header, ("article", "from_quantity", "price", "valid_from", "valid_until"))
        self._articles = articles
        self._seen: set[tuple[int, str, str]] = set()
        self._quantities: dict[str, str | None] = {"": "1"}
        self._moments: dict[tuple[str, bool], str | None] = {("", False): r"\N", ("", True): r"\N"}

    def look_at(self, row: int, cells: list[str]) -> Accepted | Rejected:
        code, quantity, price, valid_from, valid_until = [
            "" if place is None else cells[place].strip() for place in self._places
        ]
        article = self._articles.get(code)
        if article is None:
            return Rejected("article-unknown", "article", "there is no article of this code")
        if not _NUMBER.fullmatch(price):
            return Rejected("number-malformed", "price", "a price is a number from 0 on, with at most 6 decimals")
        from_quantity = self._quantity(quantity)
        if from_quantity is None:
            return Rejected("number-malformed", "from_quantity", "a quantity is a number above 0")
        begins, ends = self._moment(valid_from, end=False), self._moment(valid_until, end=True)
        if begins is None:
            return Rejected("date-malformed", "valid_from", "a date is YYYY-MM-DD, or a time with its zone (ISO 8601)")
        if ends is None:
            return Rejected("date-malformed", "valid_until", "a date is YYYY-MM-DD, or a time with its zone (ISO 8601)")
        if valid_from and valid_until and ends <= begins:
            return Rejected("period-empty", "valid_until", "it ends before it begins")
        if (article, from_quantity, begins) in self._seen:
            return Rejected("row-repeated", None, "an earlier row has the same article, quantity and beginning")
        self._seen.add((article, from_quantity, begins))
        return row, article, from_quantity, price.replace(",", "."), begins, ends

    def _quantity(self, cell: str) -> str | None:
        """The same quantity is the same text: `010`, `10,0` and `10`. None: malformed, or 0. A file names few."""
        if cell not in self._quantities:
            self._quantities[cell] = _plain(cell) if _NUMBER.fullmatch(cell) else None
        return self._quantities[cell]

    def _moment(self, cell: str, *, end: bool) -> str | None:
        """In UTC, so that as text they sort by time; None: malformed. A file names few moments, many times."""
        key = (cell, end)
        if key not in self._moments:
            self._moments[key] = _moment(cell, end=end)
        return self._moments[key]


def _moment(cell: str, *, end: bool) -> str | None:
    """A day begins at midnight UTC; as an end, the whole day still counts."""
    try:
        if len(cell) == 10:
            day = date.fromisoformat(cell) + timedelta(days=1 if end else 0)
            return datetime(day.year, day.month, day.day, tzinfo=UTC).isoformat()
        moment = datetime.fromisoformat(cell)
        return None if moment.tzinfo is None else moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return None


def _plain(number: str) -> str | None:
    whole, _, fraction = number.replace(",", ".").partition(".")
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    if not fraction:
        return whole or None
    return f"{whole or '0'}.{fraction}"
