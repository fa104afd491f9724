"""The one gate: what it refuses, with which reason, and when the company must attest."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.identity.status_table import DEFAULT_ALLOWED
from contracts.identity.values import Capability, CustomerStatus
from contracts.orders.values import AttestationRule, PaymentChoice
from contracts.shared.values import Money
from orders.buyers.models import Buyer
from orders.limits.commands import Used
from orders.orders.gate import Admitted, Purchase, gate
from orders.policies import LeftSubmitter
from orders.refusal import Refusal
from tests.orders.samples import a_buyer, a_company, euro

NOTHING_USED = Used(Decimal(0), Decimal(0))
R = AttestationRule


def purchase(
    amount: str = "100.00", *, payment: PaymentChoice = PaymentChoice.PROVIDER, on_behalf: bool = False
) -> Purchase:
    return Purchase(euro(amount), payment, on_behalf)


def code(verdict: Refusal | Admitted) -> str | None:
    return verdict.code if isinstance(verdict, Refusal) else None


@pytest.mark.parametrize("status", CustomerStatus)
def test_the_status_decides_who_may_submit(status):
    buyer = a_buyer(a_company(status))
    by_member = gate(buyer, purchase(), NOTHING_USED)
    by_staff = gate(Buyer(buyer.company, None), purchase(on_behalf=True), NOTHING_USED)
    refused = f"customer-{status.value.replace('_', '-')}"
    allowed = DEFAULT_ALLOWED[status]
    assert code(by_member) == (None if Capability.SUBMIT_ORDER in allowed else refused)
    assert code(by_staff) == (None if Capability.BE_ORDERED_FOR in allowed else refused)


def test_a_changed_cell_of_the_status_table_counts():
    company = a_company(CustomerStatus.PENDING_APPROVAL, allowed=frozenset({Capability.SUBMIT_ORDER}))
    assert gate(a_buyer(company), purchase(), NOTHING_USED) == Admitted()


def test_a_member_without_the_permission_and_one_who_left_are_refused():
    buyer = a_buyer()
    assert code(
        gate(replace(buyer, member=replace(buyer.member, permissions=frozenset())), purchase(), NOTHING_USED)
    ) == ("member-may-not-buy")
    gone = replace(buyer, member=replace(buyer.member, active=False))
    assert code(gate(gone, purchase(), None)) == "member-inactive"
    assert code(gate(replace(buyer, member=None), purchase(), None)) == "member-inactive"
    assert gate(gone, purchase(), None, submitter_left=LeftSubmitter.PLACE) == Admitted()


def test_invoice_only_where_the_company_may():
    by_invoice = purchase(payment=PaymentChoice.INVOICE)
    assert code(gate(a_buyer(), by_invoice, NOTHING_USED)) == "invoice-not-allowed"
    assert gate(a_buyer(a_company(pays_by_invoice=True)), by_invoice, NOTHING_USED) == Admitted()


def test_over_a_limit_of_the_company_is_refused_with_what_it_looked_at():
    per_order = a_buyer(a_company(limit_per_order=euro(100)))
    assert gate(per_order, purchase("100.00"), NOTHING_USED) == Admitted()
    refusal = gate(per_order, purchase("100.01"), NOTHING_USED)
    assert code(refusal) == "company-limit-exceeded"
    assert refusal.facts["period"] == "order"
    per_month = a_buyer(a_company(limit_per_month=euro(1000)))
    assert gate(per_month, purchase("100.00"), Used(Decimal(900), Decimal(0))) == Admitted()
    refusal = gate(per_month, purchase("100.00"), Used(Decimal("900.01"), Decimal(0)))
    assert refusal.facts == {
        "period": "month",
        "limit": {"amount": "1000.00", "currency": "EUR"},
        "value": {"amount": "1000.01", "currency": "EUR"},
    }


@pytest.mark.parametrize(
    ("member", "used", "rule", "value"),
    [
        ({"always_attested": True, "limit_per_order": euro(1)}, 0, R.MEMBER_ALWAYS, "100.00"),
        ({"limit_per_order": euro("99.99"), "limit_per_month": euro(1)}, 0, R.OVER_MEMBER_LIMIT_PER_ORDER, "100.00"),
        ({"limit_per_month": euro(500)}, "400.01", R.OVER_MEMBER_LIMIT_PER_MONTH, "500.01"),
        ({"limit_per_month": Money(amount=Decimal(500), currency="SEK")}, 0, R.OVER_MEMBER_LIMIT_PER_MONTH, "100.00"),
        ({"limit_per_month": euro(500)}, 400, None, None),
        ({}, 400, None, None),
    ],
)
def test_which_orders_wait_for_their_company_and_why(member, used, rule, value):
    matched = gate(a_buyer(**member), purchase(), Used(Decimal(used), Decimal(used))).rule
    assert (matched.rule if matched else None) == rule
    if matched:
        assert matched.value == euro(value)


def test_an_order_on_behalf_is_never_attested_but_keeps_the_limits_of_the_company():
    company = a_company(limit_per_order=euro(100))
    assert gate(Buyer(company, None), purchase("99.00", on_behalf=True), NOTHING_USED) == Admitted()
    assert (
        code(gate(Buyer(company, None), purchase("101.00", on_behalf=True), NOTHING_USED)) == "company-limit-exceeded"
    )


def test_at_placement_what_was_reserved_is_not_judged_again():
    company = a_company(limit_per_order=euro(1), limit_per_month=euro(1))
    assert gate(a_buyer(company, always_attested=True), purchase(), None) == Admitted()


amounts = st.decimals(min_value=0, max_value=10_000, places=2)


@given(amounts, amounts, amounts, st.none() | amounts, st.none() | amounts)
def test_no_admitted_order_is_over_a_limit_of_its_company(total, used, limit, per_order, per_month):
    company = a_company(limit_per_month=euro(limit))
    buyer = a_buyer(
        company,
        limit_per_order=euro(per_order) if per_order is not None else None,
        limit_per_month=euro(per_month) if per_month is not None else None,
    )
    verdict = gate(buyer, Purchase(euro(total), PaymentChoice.PROVIDER, False), Used(used, used))
    if isinstance(verdict, Refusal):
        assert used + total > limit
        return
    assert used + total <= limit
    over = (per_order is not None and total > per_order) or (per_month is not None and used + total > per_month)
    assert (verdict.rule is not None) == over
