"""Articles and prices as the CSV files that pricing imports, with some rows wrong on purpose."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from demo.wholesale.assortment import Article, Prices
from demo.wholesale.vocabulary import LANGUAGES

ARTICLE_COLUMNS = (
    "code", *(f"name_{language}" for language in LANGUAGES), "unit", "pack_size", "weight_grams", "vat_class",
    "family", "sub_family",
)  # fmt: skip
PRICE_COLUMNS = ("article", "from_quantity", "price")


@dataclass(frozen=True)
class CsvFile:
    content: bytes
    rows: int
    wrong: int
    """How many of them are wrong on purpose."""


def articles_csv(articles: Sequence[Article]) -> CsvFile:
    """All articles, and between them a nameless, a weightless, an unpacked and a repeated one, and a code of spaces."""
    rows = [_article_row(article) for article in articles]
    good = articles[0]
    wrong = [
        {**_article_row(good), "code": "WRONG-1", **{f"name_{language}": "" for language in LANGUAGES}},
        {**_article_row(good), "code": "WRONG-2", "weight_grams": "a feather"},
        {**_article_row(good), "code": "WRONG-3", "pack_size": "-6"},
        {**_article_row(good), "code": "no code at all"},
        {**_article_row(good), "code": "WRONG-5", "vat_class": ""},
        {**_article_row(good), "code": "WRONG-6", "unit": ""},
    ]
    return _file(ARTICLE_COLUMNS, rows, wrong)


def prices_csv(prices: Prices) -> CsvFile:
    """All tiers of a list, and between them an unknown article, two prices and a quantity that are none."""
    rows = [
        {"article": code, "from_quantity": str(tier.from_quantity), "price": str(tier.price)}
        for code, tiers in prices.items()
        for tier in tiers
    ]
    known = next(iter(prices))
    wrong = [
        {"article": "NO-SUCH-ARTICLE", "from_quantity": "1", "price": "9.95"},
        {"article": known, "from_quantity": "999", "price": "on request"},
        {"article": known, "from_quantity": "998", "price": "-1.00"},
        {"article": known, "from_quantity": "0", "price": "1.00"},
    ]
    return _file(PRICE_COLUMNS, rows, wrong)


def _article_row(article: Article) -> dict[str, str]:
    return {
        "code": article.code,
        **{f"name_{language}": article.names.get(language, "") for language in LANGUAGES},
        "unit": article.unit,
        "pack_size": str(article.pack_size),
        "weight_grams": "" if article.weight_grams is None else str(article.weight_grams),
        "vat_class": article.vat_class,
        "family": article.family,
        "sub_family": article.sub_family,
    }


def _file(columns: Iterable[str], rows: Sequence[dict[str, str]], wrong: Sequence[dict[str, str]]) -> CsvFile:
    """The wrong rows stand apart from each other, all through the file."""
    mixed = list(rows)
    for at, row in enumerate(wrong):
        mixed.insert((at + 1) * len(rows) // (len(wrong) + 1) + at, row)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(mixed)
    return CsvFile(text.getvalue().encode(), len(mixed), len(wrong))
