"""Articles and prices of one merchant, wherever they come from."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

Level = Literal["company", "group", "base"]


@dataclass(frozen=True, slots=True)
class Article:
    code: str
    names: dict[str, str]
    """By language; what is absent is not known."""
    family: str
    sub_family: str
    vat_class: str
    unit: str
    pack_size: int
    weight_grams: int | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    from_quantity: int
    price: Decimal


Prices = dict[str, tuple[Tier, ...]]
"""By article code; tiers from low to high quantity."""


@dataclass(frozen=True, slots=True)
class CartLine:
    article: str
    quantity: int


@dataclass(frozen=True)
class Assortment:
    origin: str
    """Where it comes from, for people."""
    currency: str
    articles: tuple[Article, ...]
    base: Prices
    wholesale: Prices
    group: Prices
    cart: tuple[CartLine, ...]
    """What the buyer of the story orders."""
    skipped: dict[str, int] = field(default_factory=dict)
    """Rows of the source that are no articles or no sales: how many, by reason."""

    def price(self, code: str, quantity: int) -> tuple[Level, Tier]:
        """The price for a company with the wholesale list in a group with the group list: the nearest list wins."""
        levels: tuple[tuple[Level, Prices], ...] = (
            ("company", self.wholesale),
            ("group", self.group),
            ("base", self.base),
        )
        for level, prices in levels:
            reached = [tier for tier in prices.get(code, ()) if tier.from_quantity <= quantity]
            if reached:
                return level, max(reached, key=lambda tier: tier.from_quantity)
        raise KeyError(code)

    def net(self, line: CartLine) -> Decimal:
        """Quantity x unit price, to the cent."""
        _, tier = self.price(line.article, line.quantity)
        return (tier.price * line.quantity).quantize(Decimal("0.01"), ROUND_HALF_UP)
