"""The priced cart: what pricing signs and orders takes (PR-11). Verified without a call between the services."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.shared.values import Address, Amount, Code, CountryCode, Currency

MAX_LINES = 2_000
"""The largest invoice of a real wholesaler's year has 1,114."""

PRICED_CART_ISSUER = "countersign-pricing"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Explanation(_Value):
    """Why this price (PR-12): where it comes from and which rule taxes it."""

    price_list: Code
    level: str
    """`contact`, `company`, `group` or `base`: the level that named the article."""
    group: Code | None = None
    tier_from: Amount
    """The quantity from which the price counts."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    vat_rule: str
    """`domestic`, `reverse-charge`, `exempt` or `export`."""
    vat_class: Code


class PricedLine(_Value):
    line: Annotated[int, Field(ge=1)]
    article: Code
    name: str
    quantity: Amount
    unit: str
    unit_price: Amount
    net: Amount
    """Quantity x unit price, to the cent."""
    vat_rate: Amount
    """Per cent: `21` is 21 %."""
    explanation: Explanation


class VatTotal(_Value):
    rate: Amount
    net: Amount
    vat: Amount
    """On the sum of the nets of this rate, to the cent."""


class PricedCart(_Value):
    """A cart priced for one buyer and ship-to at one moment, valid until `expires_at`, good for one order at most."""

    cart_id: UUID
    company_id: UUID
    storefront: Code
    """For which it was priced; an order is made of it there alone (ID-19)."""
    member_id: UUID | None
    """Who asked; None: the merchant's staff on behalf of the company (OR-12)."""
    contact_id: UUID | None = None
    currency: Currency
    ship_to_country: CountryCode
    ship_to: Address | None = None
    lines: tuple[PricedLine, ...]
    net: Amount
    vat: Amount
    total: Amount
    vat_totals: tuple[VatTotal, ...]
    priced_at: datetime
    expires_at: datetime
    wanted_on: date | None = None

    @property
    def is_consistent(self) -> bool:
        """The totals are those of the lines; a cart for which they are not was not made by pricing."""
        return self.net == sum((line.net for line in self.lines), Decimal(0)) and self.total == self.net + self.vat
