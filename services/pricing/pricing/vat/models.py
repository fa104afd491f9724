"""VAT rates, with their history."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Identity, Index, Numeric, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Base


class VatRate(Base):
    """A rate of one class in one country, from `valid_from` until the next one of the two.

    `recorded_until`: when it was replaced by another for the same beginning; None: it stands.
    """

    __tablename__ = "vat_rates"
    __table_args__ = (
        Index(
            "uq_vat_rates_current", "country", "vat_class", "valid_from", unique=True,
            postgresql_where=text("recorded_until IS NULL"),
        ),
        Index("ix_vat_rates_country", "country", "vat_class", "valid_from"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    country: Mapped[str] = mapped_column(Text)
    vat_class: Mapped[str] = mapped_column(Text)
    rate: Mapped[Decimal] = mapped_column(Numeric)
    """Per cent."""
    valid_from: Mapped[datetime]
    recorded_from: Mapped[datetime]
    recorded_until: Mapped[datetime | None]
