"""Buyers, carts and orders for tests, with plain defaults."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import new_id
from contracts.identity.status_table import DEFAULT_ALLOWED
from contracts.identity.values import CustomerStatus, Permission
from contracts.orders.values import AttestationRule, PaymentChoice
from contracts.pricing.priced_cart import Explanation, PricedCart, PricedLine, VatTotal
from contracts.shared.values import Money
from orders.buyers.models import Buyer, Company, Member
from orders.orders.gate import MatchedRule
from orders.orders.models import Order, References
from orders.policies import AttestationPolicy

AT = datetime(2026, 3, 10, 9, 10, tzinfo=UTC)
"""A Tuesday."""
POLICY = AttestationPolicy()


def euro(amount: str | int | Decimal) -> Money:
    return Money(amount=Decimal(amount).quantize(Decimal("0.01")), currency="EUR")


def a_company(status: CustomerStatus = CustomerStatus.ENABLED, **changed: Any) -> Company:
    defaults: dict[str, Any] = {
        "company_id": new_id(),
        "number": "C-000001",
        "status": status,
        "allowed": DEFAULT_ALLOWED[status],
        "storefront": "main",
    }
    return Company(**{**defaults, **changed})


def a_member(company: Company | UUID, *permissions: Permission, **changed: Any) -> Member:
    company_id = company.company_id if isinstance(company, Company) else company
    defaults: dict[str, Any] = {
        "member_id": new_id(),
        "company_id": company_id,
        "contact_id": new_id(),
        "permissions": frozenset(permissions),
    }
    return Member(**{**defaults, **changed})


def a_buyer(company: Company | None = None, **changed: Any) -> Buyer:
    company = company or a_company()
    return Buyer(company, a_member(company, Permission.BUY, Permission.SEE_OWN_ORDERS, **changed))


def an_attester(company: Company | UUID, **changed: Any) -> Member:
    return a_member(company, Permission.ATTEST_ORDERS, **changed)


def an_administrator(company: Company | UUID, **changed: Any) -> Member:
    return a_member(company, administers=True, **changed)


def a_line(number: int, price: str = "10.00") -> PricedLine:
    return PricedLine(
        line=number,
        article=f"ART-{number}",
        name=f"Article {number}",
        quantity=Decimal(1),
        unit="piece",
        unit_price=Decimal(price),
        net=Decimal(price),
        vat_rate=Decimal(21),
        explanation=Explanation(
            price_list="wholesale", level="company", tier_from=Decimal(1), vat_rule="domestic", vat_class="standard"
        ),
    )


def a_cart(
    company_id: UUID, member_id: UUID | None, *, lines: int = 1, price: str = "10.00", **changed: Any
) -> PricedCart:
    """Of `lines` lines at `price` each, plus 21 % VAT."""
    priced = tuple(a_line(number, price) for number in range(1, lines + 1))
    net = sum((line.net for line in priced), Decimal(0))
    vat = (net * Decimal("0.21")).quantize(Decimal("0.01"))
    defaults: dict[str, Any] = {
        "cart_id": new_id(),
        "company_id": company_id,
        "member_id": member_id,
        "storefront": "main",
        "currency": "EUR",
        "ship_to_country": "NL",
        "lines": priced,
        "net": net,
        "vat": vat,
        "total": net + vat,
        "vat_totals": (VatTotal(rate=Decimal(21), net=net, vat=vat),),
        "priced_at": AT,
        "expires_at": AT + timedelta(hours=1),
    }
    return PricedCart(**{**defaults, **changed})


def cart_for(buyer: Buyer, **changed: Any) -> PricedCart:
    return a_cart(buyer.company.company_id, buyer.member.member_id if buyer.member else None, **changed)


def an_order(buyer: Buyer | None = None, *, payment: PaymentChoice = PaymentChoice.PROVIDER, **changed: Any) -> Order:
    """Just submitted."""
    buyer = buyer or a_buyer()
    return Order.submit(new_id(), "O-000001", cart_for(buyer, **changed), buyer, payment, References(), AT)


ALWAYS = MatchedRule(AttestationRule.MEMBER_ALWAYS, euro("12.10"), None)


def a_waiting_order(buyer: Buyer, members: list[Member], policy: AttestationPolicy = POLICY) -> Order:
    order = an_order(buyer)
    order.request_attestation(ALWAYS, policy, members, AT)
    return order


def recorded(order: Order) -> list[str]:
    """The names of the events it recorded and has not published, without its state."""
    return [type(one.event).__name__ for one in order._recorded()]
