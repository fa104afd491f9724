"""An invented Dutch catering wholesaler: some 2,000 articles and three price lists, the same ones each time."""

import random
from collections.abc import Iterator
from decimal import Decimal

from demo.wholesale.assortment import Article, Assortment, CartLine, Prices, Tier
from demo.wholesale.vocabulary import FAMILIES, LANGUAGES, Family, Product

CART_LINES = 40


def invented_assortment(seed: int = 2026) -> Assortment:
    chance = random.Random(seed)
    priced = list(_articles(chance))
    base: Prices = {article.code: (Tier(1, price),) for article, price in priced}
    articles = tuple(article for article, _ in priced)
    wholesale = {
        article.code: _tiers(price, (Decimal("0.92"), Decimal("0.86"), Decimal("0.79")), article.pack_size)
        for article, price in priced
        if chance.random() < 0.6
    }
    group = {
        article.code: _tiers(price, (Decimal("0.95"), Decimal("0.90")), article.pack_size)
        for article, price in priced
        if chance.random() < 0.5
    }
    return Assortment(
        origin=f"an invented wholesaler, seed {seed}",
        currency="EUR",
        articles=articles,
        base=base,
        wholesale=wholesale,
        group=group,
        cart=_cart(chance, articles, wholesale, group),
    )


def _articles(chance: random.Random) -> Iterator[tuple[Article, Decimal]]:
    for family_number, family in enumerate(FAMILIES, start=10):
        for product_number, product in enumerate(family.products, start=1):
            yield from _variants(chance, family, product, f"{family_number}{product_number:02}")


def _variants(
    chance: random.Random, family: Family, product: Product, prefix: str
) -> Iterator[tuple[Article, Decimal]]:
    for at_size, size in enumerate(product.sizes):
        for at_kind, kind in enumerate(family.kinds):
            growth = Decimal(100 + 38 * at_size) / 100
            surcharge = Decimal(100 + 4 * at_kind + chance.randrange(-2, 3)) / 100
            article = Article(
                code=f"{prefix}-{at_size + 1}{at_kind + 1}",
                names={language: f"{product.names[n]}, {kind[n]}, {size}" for n, language in enumerate(LANGUAGES)},
                family=family.code,
                sub_family=family.sub_family,
                vat_class=family.vat_class,
                unit=family.unit,
                pack_size=product.pack,
                weight_grams=round(product.grams * growth),
            )
            yield article, (product.cents * growth * surcharge / 100).quantize(Decimal("0.01"))


def _tiers(price: Decimal, factors: tuple[Decimal, ...], pack: int) -> tuple[Tier, ...]:
    """From one piece, from five packs, from twenty-five packs."""
    starts = (1, 5 * pack, 25 * pack)
    return tuple(
        Tier(start, (price * factor).quantize(Decimal("0.0001")))
        for start, factor in zip(starts, factors, strict=False)
    )


def _cart(
    chance: random.Random, articles: tuple[Article, ...], wholesale: Prices, group: Prices
) -> tuple[CartLine, ...]:
    """Lines that find their price on each of the three lists and on every tier."""
    by_level = (
        [one for one in articles if one.code in wholesale],
        [one for one in articles if one.code in group and one.code not in wholesale],
        [one for one in articles if one.code not in group and one.code not in wholesale],
    )
    lines = [
        CartLine(article.code, article.pack_size * chance.choice((1, 2, 5, 8, 25, 30)))
        for level, count in zip(by_level, (22, 11, 7), strict=True)
        for article in chance.sample(level, count)
    ]
    chance.shuffle(lines)
    assert len(lines) == CART_LINES
    return tuple(lines)
