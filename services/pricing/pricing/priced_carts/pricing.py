"""From resolved lines to a cart: what is wrong with it, its VAT and its totals. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from chassis.errors import Invalid, Problem
from contracts.shared.values import CENT
from pricing.buyers.queries import Buyer, UsableList
from pricing.priced_carts.resolution import Resolved
from pricing.vat.rules import VatRule, vat_rule

LARGEST_NET = 10**11
"""So that no amount of a cart has more digits than its contract allows."""

ZERO = Decimal("0.00")

_SENTENCES = {
    "article-unknown": "there is no such article",
    "article-not-orderable": "the article can not be ordered now",
    "no-price": "none of the buyer's price lists has a price for this article and quantity",
    "vat-rate-unknown": "there is no VAT rate for this class in the country that the goods go to",
}


@dataclass(frozen=True)
class Tax:
    """How a whole cart is taxed."""

    rule: VatRule
    rates: Mapping[str, Decimal]

    @classmethod
    def of(cls, buyer: Buyer) -> "Tax":
        rule = vat_rule(
            merchant=buyer.policy.merchant_country,
            ship_to=buyer.ship_to,
            vat_number=buyer.vat_number,
            exempt=buyer.vat_exempt,
        )
        return cls(rule, buyer.rates)

    def rate(self, vat_class: str) -> Decimal | None:
        """Per cent; None: not known."""
        return self.rates.get(vat_class) if self.rule is VatRule.DOMESTIC else Decimal(0)


def defect(row: Resolved, tax: Tax) -> str | None:
    """The code of what is wrong with a line; None: nothing."""
    return row.defect or (None if tax.rate(row.vat_class) is not None else "vat-rate-unknown")


def require_sound(rows: Sequence[Resolved], tax: Tax) -> None:
    """
    Raises:
        Invalid: `cart-not-priced`, with every line that can not be ordered like this; `cart-too-large`.
    """
    taxed = {vat_class for vat_class in {row.vat_class for row in rows} if tax.rate(vat_class) is not None}
    problems = []
    for index, row in enumerate(rows):
        if row.defect is None and row.vat_class in taxed:
            continue
        code = row.defect or "vat-rate-unknown"
        if code == "quantity-not-a-multiple":
            detail = f"ordered in multiples of {row.pack_size} {row.unit}"
            problems.append(Problem(f"/lines/{index}/quantity", code, detail))
        else:
            problems.append(Problem(f"/lines/{index}/article", code, _SENTENCES[code]))
    if problems:
        raise Invalid("cart-not-priced", f"{len(problems)} of {len(rows)} lines can not be priced.", problems=problems)
    if sum(row.net for row in rows) >= LARGEST_NET:
        raise Invalid("cart-too-large", f"A cart comes to less than {LARGEST_NET:,}.")


def explanation(row: Resolved, chosen: UsableList, rule: VatRule) -> dict[str, Any]:
    """Why this price, and why this VAT (PR-12)."""
    return {
        "price_list": chosen.code,
        "level": chosen.level,
        "group": chosen.group,
        "tier_from": row.tier_from,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "vat_rule": rule,
        "vat_class": row.vat_class,
    }


def cart_lines(
    rows: Sequence[Resolved], quantities: Sequence[Decimal], lists: Mapping[int, UsableList], tax: Tax
) -> list[dict[str, Any]]:
    """`contracts.pricing.priced_cart.PricedLine`s as they are written; built as plain values, since at 2,000 lines
    their models would cost more than the database. `lists`: by number."""
    rates = {vat_class: str(tax.rate(vat_class)) for vat_class in {row.vat_class for row in rows}}
    return [
        {
            "line": row.line,
            "article": row.article,
            "name": row.name,
            "quantity": format(quantity, "f"),
            "unit": row.unit,
            "unit_price": row.unit_price,
            "net": str(row.net),
            "vat_rate": rates[row.vat_class],
            "explanation": explanation(row, lists[row.list], tax.rule),
        }
        for row, quantity in zip(rows, quantities, strict=True)
    ]


def totals(rows: Sequence[Resolved], tax: Tax) -> dict[str, Any]:
    """Net, VAT and total.

    A line's net is quantity x unit price (up to six decimals), rounded to the cent, half away from zero. VAT is
    computed per rate on the sum of the nets of that rate and rounded the same way, once: so the VAT of a cart is that
    of its invoice, whatever its number of lines.
    """
    by_class: dict[str, Decimal] = {}
    for row in rows:
        by_class[row.vat_class] = by_class.get(row.vat_class, ZERO) + row.net
    nets: dict[Decimal, Decimal] = {}
    for vat_class, of_class in by_class.items():
        rate = tax.rate(vat_class)
        assert rate is not None  # `require_sound` has seen to it
        nets[rate] = nets.get(rate, ZERO) + of_class
    vats = {rate: (net * rate / 100).quantize(CENT, ROUND_HALF_UP) for rate, net in sorted(nets.items())}
    net, vat = sum(nets.values(), ZERO), sum(vats.values(), ZERO)
    return {
        "net": str(net),
        "vat": str(vat),
        "total": str(net + vat),
        "vat_totals": [{"rate": str(rate), "net": str(nets[rate]), "vat": str(of)} for rate, of in vats.items()],
    }


def priced_cart(
    cart_id: UUID,
    buyer: Buyer,
    currency: str,
    ship_to: dict[str, Any] | None,
    lines: list[dict[str, Any]],
    sums: dict[str, Any],
    at: datetime,
) -> dict[str, Any]:
    """`contracts.pricing.priced_cart.PricedCart` as it is written."""
    return {
        "cart_id": cart_id,
        "company_id": buyer.company_id,
        "storefront": buyer.storefront,
        "member_id": buyer.member_id,
        "contact_id": buyer.contact_id,
        "currency": currency,
        "ship_to_country": buyer.ship_to,
        "ship_to": ship_to,
        "lines": lines,
        **sums,
        "priced_at": at,
        "expires_at": at + buyer.policy.cart_valid_for,
    }
