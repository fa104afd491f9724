"""A price list, and how its prices are kept.

Prices are never changed. Whatever replaces prices of a list, one row by hand or an import of a million, is a *version*
of that list. For an article, the newest version in force that names the article counts, as a whole: with all its tiers
and periods. So an import is switched on by one row, half of it can never be seen, and any past moment can be asked
(PR-12): system validity is the version's, business validity (`valid_from`, `valid_until`) is the price's.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Numeric, Table, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate, Base
from chassis.metadata import metadata_of
from contracts.pricing.events import PriceListChanged, PriceListCreated, PricesImported
from contracts.pricing.states import PriceListState


class PriceList(Aggregate):
    """A named set of prices in one currency, valid for a period."""

    __tablename__ = "price_lists"
    __table_args__ = (Index("uq_price_lists_base", "currency", unique=True, postgresql_where=text("base")),)

    code: Mapped[str] = mapped_column(Text, unique=True)
    number: Mapped[int] = mapped_column(Integer, Identity(always=True), unique=True)
    """Stands for the list in `prices`."""
    currency: Mapped[str] = mapped_column(Text)
    """For ever: prices are amounts in it."""
    base: Mapped[bool]
    """What everybody falls back to; one per currency. For ever: else a customer's status would hang on a flag."""
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    """Not valid any more from this moment on."""
    prices: Mapped[int] = mapped_column(BigInteger, default=0)
    """How many are in force."""

    @property
    def key(self) -> str:
        return self.code

    @classmethod
    def create(cls, **columns: object) -> "PriceList":
        created = cls(prices=0, **columns)
        created.record(PriceListCreated(code=created.code, currency=created.currency, base=created.base))
        return created

    def change_validity(self, valid_from: datetime | None, valid_until: datetime | None) -> bool:
        """False if it is so already."""
        wanted = {"valid_from": valid_from, "valid_until": valid_until}
        fields = tuple(name for name, value in wanted.items() if getattr(self, name) != value)
        self.valid_from, self.valid_until = valid_from, valid_until
        if fields:
            self.record(PriceListChanged(code=self.code, fields=fields))
        return bool(fields)

    def replace_prices(self, *, before: int, now: int) -> None:
        """Prices of one article were put by hand: `before` of them made way for `now`."""
        self.prices += now - before
        self.record(PriceListChanged(code=self.code, fields=("prices",)))

    def take_import(self, happened: PricesImported, prices: int) -> None:
        """An import came into force; it leaves the list with this many prices."""
        self.prices = prices
        self.record(happened)

    def has_ended(self, at: datetime) -> bool:
        return self.valid_until is not None and self.valid_until <= at

    def state(self) -> PriceListState:
        return PriceListState(
            code=self.code,
            currency=self.currency,
            base=self.base,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            prices=self.prices,
        )


class PriceListPeriod(Base):
    """The validity that a list had from `recorded_from` until the next row of the same list."""

    __tablename__ = "price_list_periods"
    __table_args__ = (Index("ix_price_list_periods_list", "list_number", "recorded_from", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    list_number: Mapped[int] = mapped_column(Integer)
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    recorded_from: Mapped[datetime]


class PriceVersion(Base):
    """One change of prices of one list. Of those in force, a higher number came into force later."""

    __tablename__ = "price_versions"
    __table_args__ = (
        Index("ix_price_versions_in_force", "list_number", "recorded_from", "number"),
        Index("ix_price_versions_pending", "list_number", "number", postgresql_where=text("recorded_from IS NULL")),
    )

    number: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    list_number: Mapped[int] = mapped_column(Integer)
    recorded_from: Mapped[datetime | None]
    """Since when it is in force; None: an import that was not applied yet."""


prices_table = Table(
    "prices",
    metadata_of("pricing"),
    Column("list_number", Integer, nullable=False),
    Column("article_number", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("row", Integer),  # of the imported file
    Column("from_quantity", Numeric, nullable=False),
    Column("unit_price", Numeric),  # null: from this version on the list does not name the article
    Column("valid_from", DateTime(timezone=True)),
    Column("valid_until", DateTime(timezone=True)),
    Index("ix_prices_newest", "list_number", "article_number", "version"),
)
