"""OP-07: what is derived from a file as a whole, and how little it is beside what it explains."""

from pathlib import Path

import pytest
from demo.replay_invoices.derivation import derive
from demo.replay_invoices.documents import documents_of, is_walk_in
from demo.replay_invoices.prices import in_force, price_for
from demo.wholesale.invoice_file import read_invoice_rows

from tests.demo.replay_invoices.past import Book, every_oddity

MONTH = Path(__file__).parents[4] / "shared" / "data" / "online-retail-2010-12.csv.gz"


def priced_as_invoiced(past, derived):
    """By number: whether the derived lists, changed as the replay changes them, give each line its price."""
    changes = derived.own_changes()
    own = {buyer: dict(of_buyer.get(None, {})) for buyer, of_buyer in changes.items()}
    result = {}
    for document in past.documents:
        if document.cancels or document.why_not is not None:
            continue
        his = own.setdefault(document.buyer, {})
        his.update(changes.get(document.buyer, {}).get(document.order, {}))
        result[document.number] = all(
            line.price == _price(derived, his, line, document.at.date()) for line in document.lines
        )
    return result


def _price(derived, his, line, day):
    mine = price_for(his.get(line.article, ()), line.quantity)
    everybodys = in_force(derived.everybodys.get(line.article, ()), day)
    return price_for(everybodys, line.quantity) if mine is None else mine


def test_the_derived_part_alone_decides(tmp_path):
    book = every_oddity()
    before = derive(book.past(tmp_path))
    last = len(book.past(tmp_path).documents) // 5
    book.rows = [
        row.replace(",2.55,", ",9.99,") if n >= len(book.rows) - last else row for n, row in enumerate(book.rows)
    ]
    after = derive(book.past(tmp_path))
    assert (before.everybodys, before.own, before.articles) == (after.everybodys, after.own, after.articles)
    assert "13" not in before.articles


def test_everybodys_list_knows_nothing_of_walk_in_sales(tmp_path):
    book = Book()
    for country in ("United Kingdom", "EIRE", "France"):
        book.sell("", ("10A", 1, "5.06"), country=country)
    for _ in range(2):
        book.sell("C1", ("10A", 1, "2.55"))
    derived = derive(book.past(tmp_path))
    (prices,) = derived.everybodys["10A"]
    assert [str(tier.price) for tier in prices.tiers] == ["2.55"]


def test_all_invoices_of_the_derived_part_but_the_impossible_ones_are_explained(tmp_path):
    past = every_oddity().past(tmp_path)
    derived = derive(past)
    priced = priced_as_invoiced(past, derived)
    wrong = {one.number for one in past.documents if one.derived and not priced.get(one.number, True)}
    impossible = {one.number for one in past.documents if any(order == one.order for order, *_ in derived.unexplained)}
    assert wrong == impossible
    assert len(wrong) == 1


@pytest.mark.skipif(not MONTH.exists(), reason="the wholesaler's invoices are not part of the project")
def test_a_real_month_is_explained_by_far_fewer_prices_than_lines():
    past = documents_of(read_invoice_rows(MONTH))
    derived = derive(past)
    priced = priced_as_invoiced(past, derived)
    first = [one for one in past.documents if one.derived and one.number in priced]
    impossible = {order for order, *_ in derived.unexplained}
    assert sum(priced[one.number] for one in first) / len(first) >= 0.99
    assert {one.order for one in first if not priced[one.number]} == impossible
    figures = derived.figures()
    lines = sum(len(one.lines) for one in first if not is_walk_in(one.buyer))
    assert figures["prices for everybody, all steps and periods"] < 1.2 * figures["articles"]
    assert figures["customers' prices, all steps and periods"] < 0.03 * lines
