"""Priced carts and "my prices": reads alone, nothing is stored. Two statements: the buyer, then the lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import Forbidden
from chassis.ids import new_id
from contracts.identity.tokens import MemberClaims, StaffClaims
from contracts.identity.values import Capability
from pricing.buyers.queries import Buyer, find_buyer
from pricing.policies import Level
from pricing.priced_carts import pricing
from pricing.priced_carts.resolution import arguments, in_one_currency, nearest, resolve


@dataclass(frozen=True)
class CartWanted:
    company_id: UUID
    lines: Sequence[tuple[str, Decimal]]
    """Article and quantity."""
    currency: str | None
    ship_to_country: str | None
    ship_to: dict[str, Any] | None
    language: str


async def price_cart(
    connection: AsyncConnection, caller: StaffClaims | MemberClaims, wanted: CartWanted, *, at: datetime
) -> bytes:
    """The cart as the JSON that is signed (PR-11).

    Raises:
        Forbidden: the buyer may not build a cart, or has no valid list but the base list: `no-price-list` (PR-04).
        Invalid: `currency-ambiguous`, or `cart-not-priced` with every line that is at fault.
    """
    buyer = await find_buyer(
        connection, caller, Capability.BUILD_CART, company_id=wanted.company_id, ship_to=wanted.ship_to_country, at=at
    )
    _require_own_list(buyer)
    currency, in_it = in_one_currency(buyer.lists, wanted.currency)
    lists = nearest(in_it, buyer.policy.levels)
    asked = arguments(wanted.lines, lists.values(), buyer.policy.levels, at=at, language=wanted.language)
    rows = await resolve(connection, asked)
    tax = pricing.Tax.of(buyer)
    pricing.require_sound(rows, tax)
    lines = pricing.cart_lines(rows, asked["quantities"], lists, tax)
    cart = pricing.priced_cart(new_id(), buyer, currency, wanted.ship_to, lines, pricing.totals(rows, tax), at)
    return orjson.dumps(cart)


def _require_own_list(buyer: Buyer) -> None:
    """A list of the contact that buys counts like one of its company, for this contact alone (PR-04)."""
    if all(one.level is Level.BASE for one in buyer.lists):
        raise Forbidden("no-price-list", "There is no valid price list of the buyer, its company or its groups.")


@dataclass(frozen=True)
class PricesWanted:
    company_id: UUID
    articles: Sequence[str]
    quantity: Decimal
    currency: str | None
    ship_to_country: str | None
    language: str


async def explained_prices(
    connection: AsyncConnection, caller: StaffClaims | MemberClaims, wanted: PricesWanted, *, at: datetime
) -> dict[str, Any]:
    """The prices of some articles for one buyer, each with its explanation or with why there is none (PR-11, PR-12).

    Args:
        at: prices, lists, terms and VAT rates as they were known and valid then. The company (its groups, its VAT
            facts) and the articles are those of today: what may change a price after the fact is kept, not everything.

    Raises:
        Forbidden: the caller may not see prices.
        Invalid: `currency-ambiguous`, `no-price-list`.
    """
    buyer = await find_buyer(
        connection, caller, Capability.SEE_PRICES, company_id=wanted.company_id, ship_to=wanted.ship_to_country, at=at
    )
    currency, in_it = in_one_currency(buyer.lists, wanted.currency)
    lists = nearest(in_it, buyer.policy.levels)
    lines = [(article, wanted.quantity) for article in wanted.articles]
    asked = arguments(lines, lists.values(), buyer.policy.levels, at=at, language=wanted.language)
    rows = await resolve(connection, asked)
    tax = pricing.Tax.of(buyer)
    return {
        "company_id": buyer.company_id,
        "currency": currency,
        "as_of": at,
        "items": [
            {
                "article": row.article,
                "name": row.name,
                "unit": row.unit,
                "unit_price": row.unit_price,
                "vat_rate": tax.rate(row.vat_class) if row.list is not None else None,
                "explanation": pricing.explanation(row, lists[row.list], tax.rule) if row.list is not None else None,
                "not_orderable": pricing.defect(row, tax),
            }
            for row in rows
        ],
    }
