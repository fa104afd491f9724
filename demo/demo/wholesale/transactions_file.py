"""Articles, prices and cart lines from a wholesaler's own transactions.

The file is CSV, plain or gzipped, with the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice,
CustomerID and Country. It names no people, addresses or VAT numbers, so nothing of that kind is made from it.
"""

import csv
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO

from demo.wholesale.assortment import Article, Assortment, CartLine, Prices, Tier
from demo.wholesale.invented import CART_LINES

COLUMNS = {"InvoiceNo", "StockCode", "Description", "Quantity", "UnitPrice"}
NO_ARTICLES = {
    "POST": "carriage", "C2": "carriage", "DOT": "carriage", "D": "discount", "M": "manual", "BANK CHARGES": "books",
    "AMAZONFEE": "books", "S": "books",
}  # fmt: skip
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
CURRENCY = "GBP"
LARGEST_QUANTITY = 100_000


class UnreadableFile(Exception):
    """The file is not what it should be; the message says how."""


@dataclass
class _Sales:
    """What was sold of one article."""

    descriptions: Counter[str] = field(default_factory=Counter)
    quantities: dict[Decimal, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By unit price."""

    @property
    def usual(self) -> Decimal:
        """The price it was sold at most often; of two, the higher."""
        return max(self.quantities, key=lambda price: (len(self.quantities[price]), price))


def assortment_from(path: Path) -> Assortment:
    """
    Raises:
        UnreadableFile: it cannot be read, has other columns, or sells too little to play the story with.
    """
    sales: dict[str, _Sales] = defaultdict(_Sales)
    invoices: dict[str, list[CartLine]] = defaultdict(list)
    skipped: Counter[str] = Counter()
    try:
        with _opened(path) as text:
            for row in _rows(text, path):
                reason = _why_not(row)
                if reason:
                    skipped[reason] += 1
                    continue
                code, quantity = row["StockCode"].strip(), int(row["Quantity"])
                sold = sales[code]
                sold.descriptions[" ".join(row["Description"].split())] += 1
                sold.quantities[Decimal(row["UnitPrice"])].append(quantity)
                invoices[row["InvoiceNo"]].append(CartLine(code, quantity))
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
        raise UnreadableFile(f"{path} cannot be read: {error}") from error
    return Assortment(
        origin=f"{path.name}, {sum(skipped.values()):,} rows skipped",
        currency=CURRENCY,
        articles=tuple(_article(code, sold) for code, sold in sorted(sales.items())),
        base={code: (Tier(1, sold.usual),) for code, sold in sales.items()},
        wholesale=_quantity_prices(sales),
        group=_customer_prices(sales),
        cart=_cart(invoices, path),
        skipped=dict(skipped),
    )


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _rows(text: TextIO, path: Path) -> Iterator[dict[str, str]]:
    rows = csv.DictReader(text)
    missing = COLUMNS - set(rows.fieldnames or ())
    if missing:
        raise UnreadableFile(f"{path} has no column {', '.join(sorted(missing))}.")
    for row in rows:
        if None in row or None in row.values():
            raise UnreadableFile(f"{path} line {rows.line_num} has more or fewer fields than the header.")
        yield row


def _why_not(row: dict[str, str]) -> str | None:
    """Why this row is not the sale of an article; None when it is one."""
    code = row["StockCode"].strip()
    if code.upper() in NO_ARTICLES:
        return f"{code.upper()}: {NO_ARTICLES[code.upper()]}"
    if not CODE.fullmatch(code):
        return "not an article code"
    if row["InvoiceNo"].startswith("C"):
        return "cancellation"
    try:
        quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
    except (ValueError, InvalidOperation):
        return "not a number"
    if quantity <= 0 or not price.is_finite() or price <= 0:
        return "stock correction"
    if quantity > LARGEST_QUANTITY:
        return "quantity beyond all measure"
    return None if row["Description"].strip() else "no description"


def _article(code: str, sold: _Sales) -> Article:
    description = max(sold.descriptions, key=lambda text: (sold.descriptions[text], text))
    return Article(code, {"en": description}, "assortment", "all", "standard", "piece", 1)


def _quantity_prices(sales: dict[str, _Sales]) -> Prices:
    """Articles that were cheaper from some quantity on: the usual price first, then each lower one with its quantity."""
    prices: Prices = {}
    for code, sold in sales.items():
        tiers = [Tier(1, sold.usual)]
        for price in sorted(sold.quantities, reverse=True):
            start = min(sold.quantities[price])
            if price < tiers[-1].price and start > tiers[-1].from_quantity:
                tiers.append(Tier(start, price))
        if len(tiers) > 1:
            prices[code] = tuple(tiers)
    return prices


def _customer_prices(sales: dict[str, _Sales]) -> Prices:
    """Articles that some customers had at another price than most, repeatedly."""
    prices: Prices = {}
    for code, sold in sales.items():
        others = [price for price, seen in sold.quantities.items() if price < sold.usual and len(seen) >= 3]
        if others:
            prices[code] = (Tier(1, max(others)),)
    return prices


def _cart(invoices: dict[str, list[CartLine]], path: Path) -> tuple[CartLine, ...]:
    """The first forty articles of the first invoice that has as many."""
    for lines in invoices.values():
        distinct = {line.article: line for line in reversed(lines)}
        if len(distinct) >= CART_LINES:
            return tuple(distinct.values())[:CART_LINES]
    raise UnreadableFile(f"{path} has no invoice of {CART_LINES} articles to order again.")
