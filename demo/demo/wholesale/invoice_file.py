"""The one reader of a wholesaler's invoices: a row per line, as shops and accounting programs write it to a file.

CSV, plain or gzipped, with a header; comma, semicolon or tab; UTF-8 or Windows' own encoding; dates as ISO 8601 or as
`12/1/2010 8:26`. Columns: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country.
A row that says something else is not an end, but an `UnreadableRow`.
"""

import csv
import gzip
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path

COLUMNS = (
    "invoiceno", "stockcode", "description", "quantity", "invoicedate", "unitprice", "customerid", "country",
)  # fmt: skip
_ALSO_CALLED = {"invoice": "invoiceno", "price": "unitprice"}
_DELIMITERS = ",;\t|"
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_NOTHING = {"", "nan", "null", "none"}


class NoArticle(StrEnum):
    """What a code stands for that names nothing that could be ordered."""

    CARRIAGE = "carriage"
    DISCOUNT = "discount"
    MANUAL = "manual"
    BOOKS = "books"


NO_ARTICLES = {
    "POST": NoArticle.CARRIAGE, "C2": NoArticle.CARRIAGE, "DOT": NoArticle.CARRIAGE, "D": NoArticle.DISCOUNT,
    "M": NoArticle.MANUAL, "MANUAL": NoArticle.MANUAL, "S": NoArticle.BOOKS, "B": NoArticle.BOOKS,
    "ADJUST": NoArticle.BOOKS, "ADJUST2": NoArticle.BOOKS, "BANK CHARGES": NoArticle.BOOKS,
    "AMAZONFEE": NoArticle.BOOKS, "CRUK": NoArticle.BOOKS,
}  # fmt: skip
"""Codes of this kind of file: samples, bad debts, adjustments, fees and commissions are the books' own."""


class UnreadableFile(Exception):
    """The file is not what it should be; the message says how."""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One line of one document. Of a cancellation the number begins with `C` and the quantity is below 0."""

    row: int
    """In the file; the header is row 1."""
    document: str
    code: str
    """In capitals: the same article is written both ways."""
    description: str
    quantity: int
    at: datetime
    """The merchant's own time, without a zone."""
    price: Decimal
    customer: str | None
    """None: a walk-in sale."""
    country: str


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    row: int
    document: str
    """As far as it can be told."""
    why: str


def read_invoice_rows(path: Path) -> Iterator[InvoiceRow | UnreadableRow]:
    """Every row, in the order of the file.

    Raises:
        UnreadableFile: it can not be opened, or lacks a column.
    """
    text = _text(path)
    first, _, _ = text.partition("\n")
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [_column(cell) for cell in next(reader, [])]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise UnreadableFile(f"{path} has no column {', '.join(missing)}.")
        places = [header.index(name) for name in COLUMNS]
        dates = _Dates(day_first=_day_comes_first(text))
        for number, cells in enumerate(reader, 2):
            if any(cells):
                yield _row(number, cells, len(header), places, dates)
    except csv.Error as error:
        raise UnreadableFile(f"{path} cannot be read: {error}") from error


def _text(path: Path) -> str:
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise UnreadableFile(f"{path} cannot be read: {error}") from error
    if b"\x00" in content[:1000]:
        raise UnreadableFile(f"{path} cannot be read: it is not text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _column(cell: str) -> str:
    name = re.sub(r"[^a-z]", "", cell.lower())
    return _ALSO_CALLED.get(name, name)


def _day_comes_first(text: str) -> bool:
    """Whether `13/12/2010` is in the file and `12/13/2010` is not; a file that leaves it open puts the month first."""
    first, second = set(), set()
    for match in _SLASHED.finditer(text):
        first.add(int(match[1]))
        second.add(int(match[2]))
    return max(first, default=0) > 12 and max(second, default=0) <= 12


@dataclass
class _Dates:
    """Reads dates; a file names each of them many times."""

    day_first: bool

    def __post_init__(self) -> None:
        self._known: dict[str, datetime] = {}

    def read(self, cell: str) -> datetime:
        """
        Raises:
            ValueError: it is none.
        """
        if cell not in self._known:
            self._known[cell] = self._read(cell)
        return self._known[cell]

    def _read(self, cell: str) -> datetime:
        slashed = _SLASHED.fullmatch(cell)
        if slashed is None:
            return datetime.fromisoformat(cell).replace(tzinfo=None)
        one, other, year, hour, minute, second = (int(part or 0) for part in slashed.groups())
        day, month = (one, other) if self.day_first else (other, one)
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the merchant's own time


def _row(number: int, cells: list[str], width: int, places: Sequence[int], dates: _Dates) -> InvoiceRow | UnreadableRow:
    if len(cells) != width:
        return UnreadableRow(
            number, cells[places[0]].strip() if len(cells) > places[0] else "", "wrong number of cells"
        )
    document, code, description, quantity, at, price, customer, country = (cells[place].strip() for place in places)
    if not document:
        return UnreadableRow(number, document, "no number of an invoice")
    try:
        return InvoiceRow(
            row=number,
            document=document.upper(),
            code=code.upper(),
            description=" ".join(description.split()),
            quantity=_whole(quantity),
            at=dates.read(at),
            price=_number(price),
            customer=None if customer.lower() in _NOTHING else customer.removesuffix(".0"),
            country=country,
        )
    except (ValueError, InvalidOperation):
        return UnreadableRow(number, document.upper(), "a quantity, date or price that is none")


def _number(cell: str) -> Decimal:
    value = Decimal(cell.replace(",", ".") if "." not in cell else cell.replace(",", ""))
    if not value.is_finite():
        raise ValueError(cell)
    return value


def _whole(cell: str) -> int:
    value = _number(cell)
    if value != int(value):
        raise ValueError(cell)
    return int(value)
