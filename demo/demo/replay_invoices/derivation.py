"""What a merchant would have had to enter before each of his past invoices: articles, customers, prices and their changes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from demo.replay_invoices.documents import Document, Past, is_walk_in
from demo.replay_invoices.prices import (
    EverybodysPrices,
    OwnPrices,
    Purchase,
    Tiers,
    everybodys_prices,
    in_force,
    own_prices,
    price_for,
)

Key = tuple[str, str]
"""Buyer and article."""


@dataclass(frozen=True)
class Derived:
    """Everything is from the derived part of the file alone, except who the buyers are."""

    articles: dict[str, str]
    """Name by code."""
    everybodys: dict[str, list[EverybodysPrices]]
    """By article."""
    own: dict[Key, list[OwnPrices]]
    unexplained: frozenset[tuple[int, str, int, Decimal]]
    """Order, article, quantity and price of purchases for which no list can have a price beside the others."""
    paid: dict[Key, set[Decimal]]
    """Every price that a buyer paid for an article."""
    prices_of: dict[str, set[Decimal]]
    """Every price that anybody paid for an article."""
    lines: int

    def figures(self) -> dict[str, int]:
        """How much was derived from how much: the fewer prices per line, the less the replay repeats its own answer."""
        everybodys = [prices for schedule in self.everybodys.values() for prices in schedule]
        figures = {
            "lines of sold goods": self.lines,
            "articles": len(self.articles),
            "prices for everybody, all steps and periods": sum(len(one.tiers) for one in everybodys),
            "of them steps by quantity above the first": sum(len(one.tiers) - 1 for one in everybodys),
            "of them periods after the first": sum(one.since is not None for one in everybodys),
        }
        for name, walk_in in (("customers'", False), ("walk-in", True)):
            periods = [one for (buyer, _), of in self.own.items() if is_walk_in(buyer) is walk_in for one in of]
            seen = [count for one in periods for count in one.seen]
            figures |= {
                f"{name} prices, all steps and periods": len(seen),
                f"of the {name} prices, those that rest on one line": seen.count(1),
                f"of the {name} prices, those of periods after the first": sum(
                    len(one.tiers) for one in periods if one.since is not None
                ),
            }
        return figures

    def everybodys_changes(self) -> dict[date | None, dict[str, Tiers]]:
        """By the day on which they begin; None: there from the beginning."""
        changes: dict[date | None, dict[str, Tiers]] = defaultdict(dict)
        for article, schedule in self.everybodys.items():
            for one in schedule:
                changes[one.since][article] = one.tiers
        return changes

    def own_changes(self) -> dict[str, dict[int | None, dict[str, Tiers]]]:
        """By buyer, then by the invoice with which they begin."""
        changes: dict[str, dict[int | None, dict[str, Tiers]]] = defaultdict(lambda: defaultdict(dict))
        for (buyer, article), periods in self.own.items():
            for one in periods:
                changes[buyer][one.since][article] = one.tiers
        return changes


def derive(past: Past) -> Derived:
    sold = [one for one in past.documents if one.derived and not one.cancels and one.why_not is None]
    by_article: dict[str, list[Purchase]] = defaultdict(list)
    for document in sold:
        for article, purchase in _purchases(document):
            by_article[article].append(purchase)
    everybodys: dict[str, list[EverybodysPrices]] = {}
    own: dict[Key, list[OwnPrices]] = {}
    unexplained: set[tuple[int, str, int, Decimal]] = set()
    paid: dict[Key, set[Decimal]] = {}
    for article, purchases in by_article.items():
        schedule = everybodys_prices([one for one in purchases if not is_walk_in(one.buyer)])
        everybodys[article] = schedule
        for buyer, his in _by_buyer(purchases).items():
            paid[buyer, article] = {one.price for one in his}
            periods, odd = own_prices(his, partial(_everybodys_price, schedule))
            if periods:
                own[buyer, article] = periods
            unexplained |= {(one.order, article, one.quantity, one.price) for one in odd}
    return Derived(
        articles={code: past.names.get(code) or code for code in by_article},
        everybodys={article: schedule for article, schedule in everybodys.items() if schedule},
        own=own,
        unexplained=frozenset(unexplained),
        paid=paid,
        prices_of={article: {one.price for one in purchases} for article, purchases in by_article.items()},
        lines=sum(len(one.lines) for one in sold),
    )


def _everybodys_price(schedule: Sequence[EverybodysPrices], purchase: Purchase) -> Decimal | None:
    return price_for(in_force(schedule, purchase.day), purchase.quantity)


def _purchases(document: Document) -> Iterable[tuple[str, Purchase]]:
    for line in document.lines:
        yield (
            line.article,
            Purchase(document.order, document.at.date(), document.buyer, line.quantity, line.price),
        )


def _by_buyer(purchases: Sequence[Purchase]) -> dict[str, list[Purchase]]:
    grouped: dict[str, list[Purchase]] = defaultdict(list)
    for one in purchases:
        grouped[one.buyer].append(one)
    return grouped
