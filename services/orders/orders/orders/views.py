"""What an order looks like over HTTP, with the answer to "why?" (OR-08)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from contracts.identity.tokens import StaffClaims
from contracts.orders.values import AskedOf, AttestationRule, OrderStatus, PaymentChoice
from contracts.shared.values import Address, Amount, Money
from orders.attestation.attesters import Merchant, may_attest
from orders.buyers.models import Buyer, Member
from orders.orders.models import Order
from orders.refusal import Refusal


class OrderOverview(BaseModel):
    order_id: UUID
    number: str
    company_id: UUID
    member_id: UUID | None
    status: OrderStatus
    on_behalf: bool
    staff_id: UUID | None
    """Who of the merchant's staff ordered on its behalf."""
    payment: PaymentChoice
    order_reference: str | None
    cost_centre: str | None
    location_id: UUID | None
    project_id: UUID | None
    total: Money
    lines: int
    submitted_at: datetime


class OrderLine(BaseModel):
    line: int
    article: str
    name: str
    quantity: Amount
    unit: str
    unit_price: Amount
    net: Amount
    vat_rate: Amount
    reference: str | None
    explanation: dict[str, Any]


class AskedMember(BaseModel):
    member_id: UUID
    contact_id: UUID


class Asking(BaseModel):
    """Who was asked, and when. No members: the merchant."""

    step: int
    asked_of: AskedOf
    at: datetime
    members: list[AskedMember]


class NextStep(BaseModel):
    what: str
    """`reminder`, `administrators`, `merchant` or `expiry`."""
    at: datetime


class You(BaseModel):
    """Whether the caller may decide now, and why not."""

    may_decide: bool
    reason: str | None = None
    detail: str | None = None


class AttestationView(BaseModel):
    rule: AttestationRule
    value: Money
    """What the rule looked at: the order's total, or what the member's month came to with it."""
    limit: Money | None
    """What `value` was over."""
    may_decide: list[UUID]
    """Members who may decide now, asked or not; the merchant may while `asked_of` is `merchant`."""
    asked_of: AskedOf | None
    asked: list[Asking]
    reminders: int
    next: list[NextStep]
    """What happens if nobody decides, in its order."""
    expires_at: datetime
    decided_at: datetime | None
    decided_by: UUID | None
    decided_for: UUID | None
    """The member that was away, in whose place he decided."""
    comment: str | None
    you: You


class OrderView(OrderOverview):
    storefront: str
    net: Money
    vat: Money
    vat_totals: list[dict[str, Any]]
    ship_to_country: str
    ship_to: Address | None
    wanted_on: date | None
    priced_at: datetime
    placed_at: datetime | None
    confirmed_at: datetime | None
    changed_at: datetime
    reason: str | None
    """Code of a refusal or cancellation."""
    order_lines: list[OrderLine]
    attestation: AttestationView | None


def overview(row: Mapping[str, Any]) -> OrderOverview:
    return OrderOverview(**{**row, "total": _money(row, "total")})


def order_view(
    row: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    members: Sequence[Member],
    caller: StaffClaims | Buyer,
) -> OrderView:
    order = Order(**row)
    return OrderView(
        **{name: row[name] for name in OrderView.model_fields if name in row and name not in ("net", "vat", "total")},
        order_id=order.id,
        net=_money(row, "net"),
        vat=_money(row, "vat"),
        total=_money(row, "total"),
        order_lines=[OrderLine(**line) for line in lines],
        attestation=_attestation(order, members, caller) if order.rule else None,
    )


def _attestation(order: Order, members: Sequence[Member], caller: StaffClaims | Buyer) -> AttestationView:
    assert order.rule is not None
    assert order.rule_value is not None
    assert order.expires_at is not None
    waits = order.status is OrderStatus.AWAITING_ATTESTATION
    return AttestationView(
        rule=order.rule,
        value=Money(amount=order.rule_value, currency=order.currency),
        limit=Money.model_validate(order.rule_limit) if order.rule_limit else None,
        may_decide=[one.member_id for one in members if may_attest(order, one) is None] if waits else [],
        asked_of=order.asked_of,
        asked=[Asking.model_validate(asking) for asking in order.askings],
        reminders=order.reminders,
        next=_next_steps(order) if waits else [],
        expires_at=order.expires_at,
        decided_at=order.decided_at,
        decided_by=order.decided_by,
        decided_for=order.decided_for,
        comment=order.decision_comment,
        you=_you(order, caller),
    )


def _next_steps(order: Order) -> list[NextStep]:
    steps = [("reminder", order.remind_at)]
    if order.asked_of is AskedOf.ATTESTERS:
        steps.append(("administrators", order.to_administrators_at))
    if order.asked_of is not AskedOf.MERCHANT:
        steps.append(("merchant", order.to_merchant_at))
    steps.append(("expiry", order.expires_at))
    return sorted([NextStep(what=what, at=at) for what, at in steps if at], key=lambda step: step.at)


def _you(order: Order, caller: StaffClaims | Buyer) -> You:
    refusal = _why_not(order, caller)
    if refusal is None:
        return You(may_decide=True)
    return You(may_decide=False, reason=refusal.code, detail=refusal.detail)


def _why_not(order: Order, caller: StaffClaims | Buyer) -> Refusal | None:
    if order.status is not OrderStatus.AWAITING_ATTESTATION:
        return Refusal("order-not-awaiting-attestation", f"The order is {order.status.value.replace('_', ' ')}.")
    if isinstance(caller, StaffClaims):
        return may_attest(order, Merchant())
    assert caller.member is not None
    return may_attest(order, caller.member)


def _money(row: Mapping[str, Any], name: str) -> Money:
    return Money(amount=row[name], currency=row["currency"])
