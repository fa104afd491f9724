"""OP-07: what differs, is refused or comes back has a cause of a fixed list."""

from collections import Counter
from decimal import Decimal

import pytest
from demo.replay_invoices.comparing import Cause, differences, refusal_causes
from demo.replay_invoices.derivation import derive
from demo.replay_invoices.returns import Return, Sale, take_back

from tests.demo.replay_invoices.past import Book, by_number


@pytest.fixture
def past(tmp_path):
    """Ten invoices of the derived part; the last three are C1's of the last part."""
    book = Book()
    book.sell("C9", ("10A", 5, "2.55"), ("10A", 5, "2.95"))
    book.sell("", ("99", 1, "7.00"))
    for customer in ("C1", "C2", "C3", "C4", "C5", "C6"):
        book.sell(customer, ("10A", 1, "2.55"))
    book.sell("C1", ("10A", 1, "1.99"))
    book.sell("C2", ("10A", 1, "1.50"))
    for price in ("2.75", "1.50", "2.55"):
        book.sell("C1", ("10A", 1, price), ("98", 1, "1.00"), ("99", 1, "7.00"))
    return book.past(tmp_path)


def cause(past, document, price):
    """Of the first line, charged at this price; the other lines are charged as invoiced."""
    prices = [Decimal(price), *(line.price for line in document.lines[1:])]
    (found,) = differences(document, prices, derive(past))
    return found.cause


def test_equal_prices_are_no_difference(past):
    document = past.documents[2]
    assert differences(document, [Decimal("2.550")], derive(past)) == []


def test_in_the_last_part_a_difference_says_who_paid_that_price_before(past):
    new, of_another, his_own = past.documents[-3:]
    assert not any(one.derived for one in (new, of_another, his_own))
    assert cause(past, new, "1.99") is Cause.NEW_PRICE
    assert cause(past, of_another, "1.99") is Cause.PRICE_NEW_TO_CUSTOMER
    assert cause(past, his_own, "1.99") is Cause.PRICE_OF_ANOTHER_TIME


def test_in_the_derived_part_only_two_prices_at_once_explain_a_difference(past):
    twice, other = past.documents[0], past.documents[3]
    charged = [Decimal("2.95"), Decimal("2.95")]
    assert [one.cause for one in differences(twice, charged, derive(past))] == [Cause.TWO_PRICES_AT_ONCE]
    assert cause(past, other, "1.99") is Cause.UNEXPLAINED


@pytest.mark.parametrize(
    ("line", "code", "expected"),
    [
        (1, "article-unknown", Cause.NEW_ARTICLE),
        (0, "article-unknown", Cause.UNEXPLAINED),
        (2, "no-price", Cause.NO_PRICE_YET),
        (0, "vat-rate-unknown", Cause.UNEXPLAINED),
    ],
)
def test_a_refusal_is_explained_by_what_the_derived_part_lacks(past, line, code, expected):
    problem = {"pointer": f"/lines/{line}/article", "code": code}
    assert refusal_causes(past.documents[-1], [problem], derive(past)) == [expected]


def test_a_refusal_without_a_reason_is_unexplained_and_so_is_any_of_the_derived_part(past):
    assert refusal_causes(past.documents[-1], [], derive(past)) == [Cause.UNEXPLAINED]
    problem = {"pointer": "/lines/0/article", "code": "article-unknown"}
    assert refusal_causes(past.documents[2], [problem], derive(past)) == [Cause.UNEXPLAINED]


def returned(tmp_path, *back, sold=(("10A", 3, "2.55"), ("10B", 2, "0.85")), times=1, order_id="o"):
    book = Book()
    numbers = [book.sell("C1", *sold) for _ in range(times)]
    cancellations = [book.cancel("C1", *lines) for lines in back]
    found = by_number(book.past(tmp_path))
    sales = [Sale.of(found[number], order_id and f"{order_id}{number}") for number in numbers]
    return [take_back(sales, found[number]) for number in cancellations], sales


def test_what_comes_back_whole_cancels_its_order_once(tmp_path):
    whole = (("10B", 2, "0.85"), ("10A", 3, "2.55"))
    (first, second), sales = returned(tmp_path, whole, whole)
    assert (first.outcome, first.whole) == (Return.CANCELLED, (sales[0],))
    assert (second.outcome, second.whole) == (Return.SALE_NOT_IN_FILE, ())


def test_several_returns_that_are_the_whole_together_cancel_it_with_the_last(tmp_path):
    (first, second), sales = returned(tmp_path, [("10A", 3, "2.55")], [("10B", 2, "0.85")])
    assert (first.outcome, first.whole) == (Return.PART, ())
    assert (second.outcome, second.whole) == (Return.CANCELLED, (sales[0],))


def test_an_exact_match_is_taken_before_a_newer_sale(tmp_path):
    book = Book()
    exact = book.sell("C1", ("10A", 3, "2.55"))
    newer = book.sell("C1", ("10A", 30, "2.55"))
    back = book.cancel("C1", ("10A", 3, "2.55"))
    found = by_number(book.past(tmp_path))
    taken = take_back([Sale.of(found[exact], "1"), Sale.of(found[newer], "2")], found[back])
    assert taken.sales == (exact,)
    assert taken.outcome is Return.CANCELLED


def test_more_than_was_sold_and_what_was_refused_cancel_nothing(tmp_path):
    (more,), _ = returned(tmp_path, [("10C", 1, "1.00")])
    assert more.outcome is Return.SALE_NOT_IN_FILE
    (refused,), sales = returned(tmp_path, [("10A", 3, "2.55")], order_id=None)
    assert (refused.outcome, refused.whole) == (Return.SALE_NOT_PLAYED, ())
    assert sales[0].left == Counter({"10B": 2})
