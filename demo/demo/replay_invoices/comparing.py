"""An invoice beside the cart that Countersign priced for it: equal to the cent, or different and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from demo.replay_invoices.derivation import Derived
from demo.replay_invoices.documents import Document, Line


class Cause(StrEnum):
    """Why an invoice differs or is refused; with `NotPlayed` and `Return` the whole list there is."""

    TWO_PRICES_AT_ONCE = "two prices at once"
    """The invoice has the same article and quantity at two prices; a price list has one."""
    NEW_PRICE = "new price"
    """Last part: nobody paid this price for the article in the derived part."""
    PRICE_NEW_TO_CUSTOMER = "price new to the customer"
    """Last part: others paid it before, he did not."""
    PRICE_OF_ANOTHER_TIME = "price of another time or quantity"
    """Last part: he paid it in the derived part, but for another quantity or before a later price."""
    NEW_ARTICLE = "new article"
    """Last part: nobody bought the article in the derived part, so nobody had entered it."""
    NO_PRICE_YET = "no price for this customer yet"
    """Last part: only others bought it before, at prices of their own."""
    UNEXPLAINED = "unexplained"
    """None of these: a fault of Countersign, or of this command."""


@dataclass(frozen=True, slots=True)
class Difference:
    article: str
    quantity: int
    invoiced: Decimal
    charged: Decimal
    cause: Cause


def differences(document: Document, unit_prices: Sequence[Decimal], derived: Derived) -> list[Difference]:
    """The lines that Countersign prices otherwise.

    Args:
        unit_prices: of the cart's lines, in the order of the invoice's.
    """
    return [
        Difference(line.article, line.quantity, line.price, price, _cause(document, line, derived))
        for line, price in zip(document.lines, unit_prices, strict=True)
        if line.price != price
    ]


def _cause(document: Document, line: Line, derived: Derived) -> Cause:
    if document.derived:
        odd = (document.order, line.article, line.quantity, line.price) in derived.unexplained
        return Cause.TWO_PRICES_AT_ONCE if odd else Cause.UNEXPLAINED
    if line.price in derived.paid.get((document.buyer, line.article), ()):
        return Cause.PRICE_OF_ANOTHER_TIME
    if line.price in derived.prices_of.get(line.article, ()):
        return Cause.PRICE_NEW_TO_CUSTOMER
    return Cause.NEW_PRICE


def refusal_causes(document: Document, problems: Sequence[Mapping[str, str]], derived: Derived) -> list[Cause]:
    """
    Args:
        problems: of a refused cart: `pointer` to a line, and `code`.
    """
    return sorted({_refusal_cause(document, one, derived) for one in problems}) or [Cause.UNEXPLAINED]


def _refusal_cause(document: Document, problem: Mapping[str, str], derived: Derived) -> Cause:
    place = problem["pointer"].split("/")
    if document.derived or len(place) < 3 or not place[2].isdigit():
        return Cause.UNEXPLAINED
    known = document.lines[int(place[2])].article in derived.articles
    if problem["code"] == "article-unknown" and not known:
        return Cause.NEW_ARTICLE
    if problem["code"] == "no-price" and known:
        return Cause.NO_PRICE_YET
    return Cause.UNEXPLAINED
