"""Which rule taxes a cart, and to what it comes (PR-06)."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.pricing.priced_cart import PricedCart
from pricing.priced_carts.pricing import Tax, totals
from pricing.priced_carts.resolution import Resolved
from pricing.vat.rules import EU, VatRule, vat_rule
from tests.pricing.merchant import Merchant, accepted, refused


@pytest.mark.parametrize(
    ("merchant", "ship_to", "vat_number", "exempt", "expected"),
    [
        ("NL", "NL", "NL001234567B01", False, VatRule.DOMESTIC),
        ("NL", "NL", None, True, VatRule.EXEMPT),
        ("NL", "BE", "BE0123456789", False, VatRule.REVERSE_CHARGE),
        ("NL", "BE", "FR12345678901", False, VatRule.REVERSE_CHARGE),
        ("NL", "GR", "EL123456789", False, VatRule.REVERSE_CHARGE),
        ("NL", "BE", None, False, VatRule.DOMESTIC),
        ("NL", "BE", "NL001234567B01", False, VatRule.DOMESTIC),
        ("NL", "BE", "CHE123456789", False, VatRule.DOMESTIC),
        ("NL", "NL", "BE0123456789", False, VatRule.DOMESTIC),
        ("NL", "BE", "BE0123456789", True, VatRule.EXEMPT),
        ("NL", "CH", None, False, VatRule.EXPORT),
        ("NL", "GB", "GB123456789", True, VatRule.EXPORT),
        ("GB", "GB", None, False, VatRule.DOMESTIC),
        ("GB", "FR", "FR12345678901", False, VatRule.EXPORT),
    ],
)
def test_the_rule_follows_from_the_way_of_the_goods(
    merchant: str, ship_to: str, vat_number: str | None, exempt: bool, expected: VatRule
) -> None:
    assert vat_rule(merchant=merchant, ship_to=ship_to, vat_number=vat_number, exempt=exempt) is expected


countries = st.sampled_from([*sorted(EU), "GB", "CH", "US"])


@given(countries, countries, st.none() | countries.map(lambda code: f"{code}123"), st.booleans())
def test_domestic_goods_are_taxed_unless_the_company_is_exempt(
    merchant: str, ship_to: str, vat_number: str | None, exempt: bool
) -> None:
    rule = vat_rule(merchant=merchant, ship_to=ship_to, vat_number=vat_number, exempt=exempt)
    if ship_to == merchant:
        assert rule is (VatRule.EXEMPT if exempt else VatRule.DOMESTIC)
    if rule is VatRule.REVERSE_CHARGE:
        assert {merchant, ship_to} <= EU
        assert vat_number is not None


cents = st.integers(0, 10_000_000).map(lambda number: Decimal(number) / 100)
RATES = {"high": Decimal(21), "low": Decimal("9"), "also-high": Decimal("21"), "odd": Decimal("5.5")}


@given(st.lists(st.tuples(cents, st.sampled_from(sorted(RATES))), min_size=1, max_size=50))
def test_vat_is_rounded_once_per_rate(nets: list[tuple[Decimal, str]]) -> None:
    rows = [Resolved(1, "a", None, "1", "A", "piece", of, 1, "1", net, "1", None, None) for net, of in nets]
    found = totals(rows, Tax(VatRule.DOMESTIC, RATES))
    assert Decimal(found["net"]) == sum(net for net, _ in nets)
    assert len(found["vat_totals"]) == len({RATES[of] for _, of in nets})
    for total in found["vat_totals"]:
        net = sum((net for net, of in nets if RATES[of] == Decimal(total["rate"])), Decimal(0))
        exact = net * Decimal(total["rate"]) / 100
        assert Decimal(total["net"]) == net
        assert Decimal(total["vat"]) == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert abs(Decimal(total["vat"]) - exact) <= Decimal("0.005")
    assert Decimal(found["vat"]) == sum(Decimal(total["vat"]) for total in found["vat_totals"])
    assert Decimal(found["total"]) == Decimal(found["net"]) + Decimal(found["vat"])


async def test_line_nets_are_rounded_half_away_from_zero_and_vat_on_their_sum(merchant: Merchant) -> None:
    company = await merchant.company()
    for code in ("pin", "nail"):
        await merchant.article(code)
    await merchant.price_list("own", {one: [{"from": "1", "price": "0.005"}] for one in ("pin", "nail")})
    await merchant.give("own", company=company)
    await merchant.vat_rate("NL", "21")
    lines = [{"article": "pin", "quantity": "1"}, {"article": "nail", "quantity": "3"}]
    sent = await accepted(merchant.staff.post("/priced-carts", json={"company_id": str(company), "lines": lines}))
    cart = PricedCart.model_validate(sent.json()["cart"])
    assert [str(line.net) for line in cart.lines] == ["0.01", "0.02"]
    assert (str(cart.net), str(cart.vat), str(cart.total)) == ("0.03", "0.01", "0.04")


async def test_a_cart_without_a_known_rate_is_refused_and_an_exempt_one_needs_none(merchant: Merchant) -> None:
    company = await merchant.company()
    await merchant.article("lamp")
    await merchant.price_list("own", {"lamp": [{"from": "1", "price": "10"}]})
    await merchant.give("own", company=company)
    body = {"company_id": str(company), "lines": [{"article": "lamp", "quantity": "1"}]}
    problem = await refused(merchant.staff.post("/priced-carts", json=body), 422, "cart-not-priced")
    assert problem["errors"][0]["code"] == "vat-rate-unknown"
    await merchant.change_company(company, vat_exempt=True)
    cart = (await accepted(merchant.staff.post("/priced-carts", json=body))).json()["cart"]
    assert (cart["vat"], cart["lines"][0]["explanation"]["vat_rule"]) == ("0.00", "exempt")


async def test_a_rate_counts_from_its_beginning_and_history_stays(merchant: Merchant) -> None:
    staff = merchant.staff
    await merchant.vat_rate("NL", "19")
    later = {"rate": "21", "valid_from": "2012-10-01T00:00:00Z"}
    await accepted(staff.put("/vat-rates/NL/standard", json=later))
    await accepted(staff.put("/vat-rates/NL/standard", json={**later, "rate": "25"}))
    rates = (await accepted(staff.get("/vat-rates/NL/standard"))).json()["items"]
    assert [(one["rate"], one["valid_from"][:4]) for one in rates] == [("19", "1970"), ("25", "2012")]
    await refused(staff.get("/vat-rates/NL/other"), 404, "not-found")
    await refused(staff.put("/vat-rates/NL/standard", json={"rate": "-1"}), 422, "invalid-request")
