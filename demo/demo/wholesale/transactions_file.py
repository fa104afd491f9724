"""Articles, prices and cart lines from a wholesaler's own transactions (`demo.wholesale.invoice_file`).

The file names no people, addresses or VAT numbers, so nothing of that kind is made from it.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from demo.wholesale.assortment import Article, Assortment, CartLine, Prices, Tier
from demo.wholesale.invented import CART_LINES
from demo.wholesale.invoice_file import NO_ARTICLES, InvoiceRow, UnreadableFile, UnreadableRow, read_invoice_rows

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
CURRENCY = "GBP"
LARGEST_QUANTITY = 100_000


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
    for row in read_invoice_rows(path):
        if isinstance(row, UnreadableRow):
            skipped[row.why] += 1
            continue
        reason = _why_not(row)
        if reason:
            skipped[reason] += 1
            continue
        sold = sales[row.code]
        sold.descriptions[row.description] += 1
        sold.quantities[row.price].append(row.quantity)
        invoices[row.document].append(CartLine(row.code, row.quantity))
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


def _why_not(row: InvoiceRow) -> str | None:
    """Why this row is not the sale of an article; None when it is one."""
    if row.code in NO_ARTICLES:
        return f"{row.code}: {NO_ARTICLES[row.code].value}"
    if not CODE.fullmatch(row.code):
        return "not an article code"
    if row.document.startswith("C"):
        return "cancellation"
    if row.quantity <= 0 or row.price <= 0:
        return "stock correction"
    if row.quantity > LARGEST_QUANTITY:
        return "quantity beyond all measure"
    return None if row.description else "no description"


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
