"""Money: decimal, in one currency, rounded as invoices are, and written as its schema says."""

import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.shared.values import DECIMAL_PATTERN, Amount, Money

AMOUNTS = st.decimals(min_value=-(10**11), max_value=10**11, places=6)


def euro(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("1.004999", "1.00"),
        ("2.675", "2.68"),
        ("-1.004999", "-1.00"),
        ("3", "3.00"),
    ],
)
def test_half_cents_go_away_from_zero(exact: str, rounded: str) -> None:
    assert str(euro(exact).rounded().amount) == rounded


@given(AMOUNTS)
def test_rounding_moves_by_half_a_cent_at_most_and_only_once(amount: Decimal) -> None:
    rounded = Money(amount=amount, currency="EUR").rounded()
    assert abs(rounded.amount - amount) <= Decimal("0.005")
    assert rounded.rounded() == rounded


@given(AMOUNTS, AMOUNTS)
def test_sums_are_exact(first: Decimal, second: Decimal) -> None:
    assert (Money(amount=first, currency="EUR") + Money(amount=second, currency="EUR")).amount == first + second


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="EUR and SEK"):
        euro("1") + Money(amount=Decimal(1), currency="SEK")


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "0.0000001", "1234567890123456789"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValidationError):
        euro(amount)


@pytest.mark.parametrize("currency", ["eur", "EURO", ""])
def test_a_currency_is_three_capitals(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money(amount=Decimal(1), currency=currency)


@given(AMOUNTS)
@example(Decimal("1E+2"))
@example(Decimal("0E-6"))
def test_an_amount_is_written_as_its_schema_says(amount: Decimal) -> None:
    adapter: TypeAdapter[Decimal] = TypeAdapter(Amount)
    written = adapter.dump_python(adapter.validate_python(amount), mode="json")
    assert isinstance(written, str)
    assert re.fullmatch(DECIMAL_PATTERN, written)
    assert adapter.validate_python(written) == amount
