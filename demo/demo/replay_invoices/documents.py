"""From rows to documents: what is a sale of goods, what is set aside, and what is no sale at all, each by name."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from demo.wholesale.invoice_file import NO_ARTICLES, InvoiceRow, NoArticle, UnreadableRow

CENT = Decimal("0.01")
DERIVED_SHARE = (4, 5)
"""Prices are derived from the first 80 % of the documents by time."""
MOST_LINES = 2_000
LARGEST = 10**9
"""A quantity or price as large is a slip; Countersign takes no such number."""
MOST_DECIMALS = 6


class SetAside(StrEnum):
    """Why a line is not played, beside that its code is no article's; its amount is told, and the rest is played."""

    FREE = "free of charge"
    CORRECTION = "correction"
    NO_CODE = "no article code"


Reason = SetAside | NoArticle


class NotPlayed(StrEnum):
    """Why a whole document is not sent at all."""

    CORRECTION = "stock correction"
    """No price, or a quantity below 0 on what is no cancellation."""
    FREE = "free of charge"
    NO_GOODS = "no goods"
    """Nothing but carriage, discounts, manual lines or bookkeeping."""
    ADJUSTMENT = "adjustment of the books"
    """A price below 0."""
    UNREADABLE = "unreadable row"
    CONTRADICTS = "two customers on one invoice"
    TOO_MANY_LINES = "too many lines for a cart"
    BEYOND_MEASURE = "a quantity or price beyond all measure"


@dataclass(frozen=True, slots=True)
class Line:
    article: str
    quantity: int
    price: Decimal

    @property
    def net(self) -> Decimal:
        """To the cent, half away from zero, as invoices are."""
        return (self.price * self.quantity).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Document:
    """An invoice, or a cancellation, whose quantities are those that come back."""

    number: str
    order: int
    """Position in time."""
    at: datetime
    buyer: str
    country: str
    cancels: bool
    lines: tuple[Line, ...]
    set_aside: dict[Reason, Decimal]
    """Amounts of the lines that are not played."""
    why_not: NotPlayed | None
    derived: bool
    """Of the part of the file that prices are derived from."""

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.lines), Decimal("0.00"))


@dataclass
class _Draft:
    number: str
    rows: list[InvoiceRow] = field(default_factory=list)
    unreadable: bool = False

    @property
    def at(self) -> datetime:
        return min(row.at for row in self.rows)


@dataclass(frozen=True)
class Past:
    """A whole file."""

    documents: tuple[Document, ...]
    """In order of time."""
    rows: int
    unreadable: Counter[str]
    """Rows, by what is wrong with them."""
    names: dict[str, str]
    """Of articles: the description that most rows have."""


def documents_of(rows: Iterable[InvoiceRow | UnreadableRow]) -> Past:
    drafts: dict[str, _Draft] = {}
    unreadable: Counter[str] = Counter()
    names: dict[str, Counter[str]] = defaultdict(Counter)
    count = 0
    for row in rows:
        count += 1
        draft = drafts.setdefault(row.document, _Draft(row.document))
        if isinstance(row, UnreadableRow):
            unreadable[row.why] += 1
            draft.unreadable = True
            continue
        draft.rows.append(row)
        names[row.code][row.description] += row.price > 0 and row.quantity > 0 and bool(row.description)
    dated = sorted((one for one in drafts.values() if one.rows), key=lambda one: (one.at, one.rows[0].row))
    derived = _derived_part(dated)
    return Past(
        documents=tuple(_document(draft, order, derived=order < derived) for order, draft in enumerate(dated)),
        rows=count,
        unreadable=unreadable,
        names={code: max(seen, key=lambda text: (seen[text], text)) for code, seen in names.items()},
    )


def _derived_part(dated: list[_Draft]) -> int:
    """How many documents there are in it; no moment is in both parts."""
    share, of = DERIVED_SHARE
    count = len(dated) * share // of
    while 0 < count < len(dated) and dated[count].at == dated[count - 1].at:
        count += 1
    return count


def _document(draft: _Draft, order: int, *, derived: bool) -> Document:
    first = draft.rows[0]
    cancels = draft.number.startswith("C")
    lines: list[Line] = []
    aside: dict[Reason, Decimal] = {}
    for row in draft.rows:
        reason = _why_aside(row, cancels)
        if reason is None:
            lines.append(Line(row.code, -row.quantity if cancels else row.quantity, row.price))
        else:
            aside[reason] = aside.get(reason, Decimal(0)) + row.price * row.quantity
    return Document(
        number=draft.number,
        order=order,
        at=draft.at,
        buyer=_buyer(draft),
        country=first.country,
        cancels=cancels,
        lines=tuple(lines),
        set_aside=aside,
        why_not=_why_not(draft, lines, aside),
        derived=derived,
    )


def _why_aside(row: InvoiceRow, cancels: bool) -> Reason | None:
    if row.code in NO_ARTICLES:
        return NO_ARTICLES[row.code]
    if not row.code:
        return SetAside.NO_CODE
    if row.price < 0 or (row.quantity >= 0) is cancels:
        return SetAside.CORRECTION
    return SetAside.FREE if row.price == 0 else None


def _buyer(draft: _Draft) -> str:
    """The customer's number. Walk-in sales have none: those of one country that are sent by the same carriage, or by none
    (over the counter), are one buyer, since they are one kind of shop with one list of prices."""
    first = draft.rows[0]
    if first.customer:
        return first.customer
    carriage = sorted({row.code for row in draft.rows if NO_ARTICLES.get(row.code) is NoArticle.CARRIAGE})
    return " ".join(("walk-in", first.country, *carriage)).strip()


def is_walk_in(buyer: str) -> bool:
    return buyer.startswith("walk-in")


def _why_not(draft: _Draft, lines: list[Line], aside: dict[Reason, Decimal]) -> NotPlayed | None:
    if draft.unreadable:
        return NotPlayed.UNREADABLE
    if len({row.customer for row in draft.rows}) > 1:
        return NotPlayed.CONTRADICTS
    if len(lines) > MOST_LINES:
        return NotPlayed.TOO_MANY_LINES
    if any(_beyond_measure(line) for line in lines):
        return NotPlayed.BEYOND_MEASURE
    if lines:
        return None
    if any(row.price < 0 for row in draft.rows):
        return NotPlayed.ADJUSTMENT
    if set(aside) == {SetAside.FREE}:
        return NotPlayed.FREE
    if SetAside.CORRECTION in aside or SetAside.FREE in aside:
        return NotPlayed.CORRECTION
    return NotPlayed.NO_GOODS


def _beyond_measure(line: Line) -> bool:
    exponent = line.price.as_tuple().exponent
    assert isinstance(exponent, int)  # it is finite
    return line.quantity >= LARGEST or line.price >= LARGEST or line.net >= LARGEST or -exponent > MOST_DECIMALS
