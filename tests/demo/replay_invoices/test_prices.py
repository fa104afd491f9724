"""OP-07: prices are derived by rules, from what several customers paid, and from what one customer paid otherwise."""

from datetime import date, timedelta
from decimal import Decimal

from demo.replay_invoices.prices import Purchase, everybodys_prices, in_force, own_prices, price_for
from demo.wholesale.assortment import Tier
from hypothesis import given
from hypothesis import strategies as st

FIRST = date(2010, 3, 1)


def bought(price, *, by="a", quantity=1, day=0, order=None):
    return Purchase(day if order is None else order, FIRST + timedelta(days=day), by, quantity, Decimal(price))


def steps(*pairs):
    return tuple(Tier(quantity, Decimal(price)) for quantity, price in pairs)


def test_the_price_that_most_customers_paid_is_everybodys():
    purchases = [bought("2.55", by="a"), bought("2.55", by="b"), bought("2.10", by="c")]
    (prices,) = everybodys_prices(purchases)
    assert (prices.since, prices.tiers) == (None, steps((1, "2.55")))


def test_who_buys_often_does_not_outvote_the_others():
    purchases = [bought("2.10", by="a", day=day) for day in range(20)]
    purchases += [bought("2.55", by=by, day=day) for by, day in (("b", 0), ("c", 10), ("d", 19))]
    (prices,) = everybodys_prices(purchases)
    assert prices.tiers == steps((1, "2.55"))


def test_what_two_customers_pay_less_for_more_is_a_step_and_what_one_pays_is_not():
    usual = [bought("2.55", by=by, quantity=2) for by in "abcd"]
    one = [bought("2.10", by="e", quantity=48)]
    (prices,) = everybodys_prices(usual + one)
    assert prices.tiers == steps((1, "2.55"))
    (prices,) = everybodys_prices([*usual, *one, bought("2.10", by="f", quantity=24)])
    assert prices.tiers == steps((1, "2.55"), (24, "2.10"))


def test_a_price_that_changes_for_several_customers_begins_a_period():
    purchases = [bought("2.55", by=by, day=day) for by, day in zip("abcd", range(4), strict=True)]
    purchases += [bought("2.95", by=by, day=day) for by, day in zip("efgh", range(4, 8), strict=True)]
    first, second = everybodys_prices(purchases)
    assert (first.since, first.tiers) == (None, steps((1, "2.55")))
    assert (second.since, second.tiers) == (FIRST + timedelta(days=4), steps((1, "2.95")))
    assert in_force([first, second], FIRST + timedelta(days=3)) == first.tiers
    assert in_force([first, second], FIRST + timedelta(days=30)) == second.tiers


def test_a_price_of_one_invoice_alone_begins_no_period_for_everybody():
    purchases = [bought("2.55", by=by, day=day) for by, day in zip("abcdefgh", range(8), strict=True)]
    purchases[4] = bought("1.00", by="e", day=4)
    assert len(everybodys_prices(purchases)) == 1


def test_who_pays_what_everybody_pays_has_no_prices_of_his_own():
    assert own_prices([bought("2.55"), bought("2.55", day=3)], lambda one: Decimal("2.55")) == ([], [])


def test_a_price_of_his_own_stands_until_a_purchase_contradicts_it():
    purchases = [bought("2.10", day=0), bought("2.10", day=1), bought("1.95", day=2), bought("1.95", day=3)]
    (first, second), odd = own_prices(purchases, lambda one: Decimal("2.55"))
    assert (first.since, first.tiers, first.seen) == (None, steps((1, "2.10")), (2,))
    assert (second.since, second.tiers, second.seen) == (2, steps((1, "1.95")), (2,))
    assert odd == []


def test_more_for_less_is_a_step_and_more_for_more_a_new_period():
    (cheaper,), _ = own_prices([bought("2.10", quantity=6), bought("1.95", quantity=12, day=1)], lambda one: None)
    assert cheaper.tiers == steps((6, "2.10"), (12, "1.95"))
    dearer, _ = own_prices([bought("1.95", quantity=6), bought("2.10", quantity=12, day=1)], lambda one: None)
    assert [one.tiers for one in dearer] == [steps((6, "1.95")), steps((12, "2.10"))]


def test_his_own_prices_end_when_he_pays_what_everybody_pays():
    purchases = [bought("2.10", day=0), bought("2.55", day=1)]
    (own, none), _ = own_prices(purchases, lambda one: Decimal("2.55"))
    assert (own.tiers, none.tiers, none.since) == (steps((1, "2.10")), (), 1)


def test_below_the_quantity_at_which_he_deviates_everybodys_prices_hold():
    purchases = [bought("2.55", quantity=1), bought("1.50", quantity=100, day=1), bought("2.55", quantity=2, day=2)]
    (own,), _ = own_prices(purchases, lambda one: Decimal("2.55"))
    assert own.tiers == steps((100, "1.50"))


def test_the_same_quantity_at_two_prices_in_one_invoice_is_explained_by_no_list():
    purchases = [bought("1.53", quantity=144), bought("1.65", quantity=144), bought("1.65", quantity=144)]
    (own,), odd = own_prices(purchases, lambda one: Decimal("2.10"))
    assert own.tiers == steps((144, "1.65"))
    assert odd == purchases[:1]


prices = st.sampled_from(["0.85", "1.25", "2.10", "2.55", "2.95"])
line = st.builds(
    lambda order, quantity, price, by: bought(price, by=by, quantity=quantity, day=order),
    st.integers(0, 8), st.integers(1, 60), prices, st.sampled_from("abcdef"),
)  # fmt: skip
lines = st.lists(line, max_size=40).map(lambda found: sorted(found, key=lambda one: one.order))


def priced(one, own, everybodys):
    standing = [period for period in own if period.since is None or period.since <= one.order]
    mine = price_for(standing[-1].tiers, one.quantity) if standing else None
    return mine if mine is not None else price_for(everybodys, one.quantity)


@given(lines)
def test_the_two_lists_explain_every_purchase_but_the_impossible_ones(purchases):
    everybodys = everybodys_prices(purchases)

    def usual(one):
        return price_for(in_force(everybodys, one.day), one.quantity)

    for buyer in "abcdef":
        his = [one for one in purchases if one.buyer == buyer]
        own, odd = own_prices(his, usual)
        for one in his:
            assert one in odd or priced(one, own, in_force(everybodys, one.day)) == one.price
        for one in odd:
            twins = {other.price for other in his if (other.order, other.quantity) == (one.order, one.quantity)}
            assert len(twins) > 1


@given(lines)
def test_everybodys_list_never_has_more_prices_than_what_its_prices_save(purchases):
    """A price of the list must be worth more customers than it costs, so they can not be as many as the invoices."""
    tiers = sum(len(one.tiers) for one in everybodys_prices(purchases))
    paid = {(one.buyer, one.price) for one in purchases}
    assert tiers <= max(1, len(paid) / 1.5 + 1)


@given(lines)
def test_every_step_of_a_list_is_at_a_price_that_was_paid(purchases):
    for period in everybodys_prices(purchases):
        assert {tier.price for tier in period.tiers} <= {one.price for one in purchases}
        quantities = [tier.from_quantity for tier in period.tiers]
        assert quantities[:1] == [1]
        assert quantities == sorted(set(quantities))
