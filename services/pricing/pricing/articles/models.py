"""An article: something that can be ordered."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Identity, Integer, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from contracts.pricing.events import ArticleChanged


class ArticleStatus(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    """Kept for history; not ordered any more."""


class Article(Aggregate):
    """Core fields of PR-01. Its sequence also counts the imports that changed it, which record one event for all."""

    __tablename__ = "articles"

    code: Mapped[str] = mapped_column(Text, unique=True)
    """The merchant's own."""
    number: Mapped[int] = mapped_column(Integer, Identity(always=True), unique=True)
    """Stands for the article in `prices`, where a short key matters at ten million rows."""
    names: Mapped[dict[str, str]]
    """By language."""
    unit: Mapped[str] = mapped_column(Text)
    """The order unit: what a quantity of 1 is."""
    pack_size: Mapped[Decimal] = mapped_column(Numeric)
    """Ordered in multiples of this many units."""
    weight_grams: Mapped[int | None] = mapped_column(Integer)
    """Of one unit."""
    vat_class: Mapped[str] = mapped_column(Text)
    family: Mapped[str | None] = mapped_column(Text)
    sub_family: Mapped[str | None] = mapped_column(Text)
    status: Mapped[ArticleStatus]
    available_from: Mapped[date | None]
    """Not orderable before this day (UTC)."""

    def changed(self) -> None:
        self.record(ArticleChanged(article=self.code))
