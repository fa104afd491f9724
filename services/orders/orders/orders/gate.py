"""The one gate (OR-02): may this order be, and must its company attest it? Asked at submission and again at placement.

Whatever the path, the same function decides from the company's status, the storefront, the member and its permission, the payment
right, and the limits. It knows no I/O, and a no says why.
"""

from dataclasses import dataclass
from decimal import Decimal

from contracts.identity.status_table import refusal_code
from contracts.identity.values import Capability, Permission
from contracts.orders.values import AttestationRule, PaymentChoice
from contracts.shared.values import Money
from orders.buyers.models import Buyer, Company, Member
from orders.limits.commands import Used
from orders.policies import LeftSubmitter
from orders.refusal import Refusal


@dataclass(frozen=True)
class Purchase:
    """What is to be bought.

    Attributes:
        on_behalf: the merchant's staff orders for the company (OR-12).
    """

    total: Money
    payment: PaymentChoice
    on_behalf: bool


@dataclass(frozen=True)
class MatchedRule:
    """Why the company must attest, and on what (OR-08).

    Attributes:
        value: the order's total, or what the member's month comes to with it.
        limit: what `value` is over; None for a member who must always be attested.
    """

    rule: AttestationRule
    value: Money
    limit: Money | None


@dataclass(frozen=True)
class Admitted:
    """The order may be. `rule`: only if its company attests it."""

    rule: MatchedRule | None = None


def gate(
    buyer: Buyer, purchase: Purchase, used: Used | None, *, submitter_left: LeftSubmitter = LeftSubmitter.REFUSE
) -> Refusal | Admitted:
    """
    Args:
        used: what others use of this month's limits. None at placement: what was reserved at submission is promised, and
            the rule that asked for attestation is frozen.
        submitter_left: at placement, what becomes of an order whose member is no longer there.
    """
    refusal = (
        _of_company(buyer.company, purchase)
        or _of_storefront(buyer.company, purchase)
        or _of_member(buyer.member, purchase, submitter_left)
        or _of_payment(buyer.company, purchase)
    )
    if refusal or used is None:
        return refusal or Admitted()
    refusal = _of_company_limits(buyer.company, purchase.total, used.company)
    if refusal:
        return refusal
    member = None if purchase.on_behalf else buyer.member
    return Admitted(_matched_rule(member, purchase.total, used.member) if member else None)


def _of_company(company: Company, purchase: Purchase) -> Refusal | None:
    enough = {Capability.SUBMIT_ORDER, Capability.BE_ORDERED_FOR} if purchase.on_behalf else {Capability.SUBMIT_ORDER}
    if enough & company.allowed:
        return None
    return Refusal(
        refusal_code(company.status),
        "The company's status does not allow an order.",
        {"customer_status": company.status.value},
    )


def _of_storefront(company: Company, purchase: Purchase) -> Refusal | None:
    """The merchant's staff are in no storefront."""
    if purchase.on_behalf or company.entry_refusal is None:
        return None
    detail = "The company may not enter this storefront."
    return Refusal(company.entry_refusal, detail, {"storefront": company.storefront})


def _of_member(member: Member | None, purchase: Purchase, submitter_left: LeftSubmitter) -> Refusal | None:
    if purchase.on_behalf:
        return None
    if member is None or not member.active:
        if submitter_left is LeftSubmitter.PLACE:
            return None
        return Refusal("member-inactive", "Who submits it is not an active member of the company.")
    if Permission.BUY not in member.permissions:
        return Refusal("member-may-not-buy", "The member may not order.", {"permission": Permission.BUY.value})
    return None


def _of_payment(company: Company, purchase: Purchase) -> Refusal | None:
    if purchase.payment is PaymentChoice.INVOICE and not company.pays_by_invoice:
        return Refusal("invoice-not-allowed", "The company does not pay by invoice.")
    return None


def _of_company_limits(company: Company, total: Money, used: Decimal) -> Refusal | None:
    """A limit of the company binds all its people, so nobody in it could attest an order that is over it: it is refused."""
    for period, limit, before in (
        ("order", company.limit_per_order, Decimal(0)),
        ("month", company.limit_per_month, used),
    ):
        if limit and _is_over(before, total, limit):
            value = Money(amount=before + total.amount, currency=total.currency)
            return Refusal(
                "company-limit-exceeded",
                f"It is over the company's limit per {period}.",
                {"period": period, "limit": limit.model_dump(mode="json"), "value": value.model_dump(mode="json")},
            )
    return None


def _matched_rule(member: Member, total: Money, used: Decimal) -> MatchedRule | None:
    """The first that matches: always, over the limit per order, over the limit per month (OR-04, ID-17)."""
    if member.always_attested:
        return MatchedRule(AttestationRule.MEMBER_ALWAYS, total, None)
    if member.limit_per_order and _is_over(Decimal(0), total, member.limit_per_order):
        return MatchedRule(AttestationRule.OVER_MEMBER_LIMIT_PER_ORDER, total, member.limit_per_order)
    if member.limit_per_month and _is_over(used, total, member.limit_per_month):
        value = Money(amount=used + total.amount, currency=total.currency)
        return MatchedRule(AttestationRule.OVER_MEMBER_LIMIT_PER_MONTH, value, member.limit_per_month)
    return None


def _is_over(before: Decimal, total: Money, limit: Money) -> bool:
    """In another currency than the limit's nothing can be compared: it counts as over, so that a person looks at it."""
    return total.currency != limit.currency or before + total.amount > limit.amount
