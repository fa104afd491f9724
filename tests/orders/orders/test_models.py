"""An order moves as the state machine says, records what happened, and freezes what was submitted."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chassis.errors import Conflict, DomainError, Forbidden, Invalid
from chassis.ids import new_id
from contracts.identity.values import Permission
from contracts.orders.values import AskedOf, OrderStatus, PaymentChoice
from orders.attestation.attesters import Merchant
from orders.orders.models import GIVES_BACK, MOVES, Order
from orders.refusal import Refusal
from tests.orders.samples import (
    ALWAYS,
    AT,
    POLICY,
    a_buyer,
    a_company,
    a_waiting_order,
    an_administrator,
    an_attester,
    an_order,
    euro,
    recorded,
)

S = OrderStatus
COMPANY = a_company()
BUYER = a_buyer(COMPANY)
ATTESTER = an_attester(COMPANY)
LATER = AT + timedelta(hours=1)


def in_status(status: OrderStatus) -> Order:
    """An order that got there by legal moves."""
    order = an_order(BUYER)
    match status:
        case S.SUBMITTED:
            return order
        case S.PLACED | S.CONFIRMED:
            order.place(AT)
            if status is S.CONFIRMED:
                order.confirm(AT)
            return order
        case S.CANCELLED:
            order.place(AT)
            order.cancel("out-of-stock", AT)
            return order
    order = a_waiting_order(BUYER, [ATTESTER])
    match status:
        case S.ATTESTED:
            order.attest(by=ATTESTER, at=AT)
        case S.REFUSED:
            order.attest(by=ATTESTER, at=AT)
            order.refuse(Refusal("customer-disabled", ""), AT)
        case S.DECLINED:
            order.decline(by=ATTESTER, comment="no", at=AT)
        case S.EXPIRED:
            order.expire(order.expires_at or AT, AT)
        case S.WITHDRAWN:
            order.withdraw(AT)
    return order


def test_a_clock_that_was_put_back_lets_no_order_go_back_in_time():
    order, earlier = a_waiting_order(BUYER, [ATTESTER]), AT - timedelta(minutes=50)
    order.attest(by=ATTESTER, at=earlier)
    order.place(earlier)
    order.confirm(LATER)
    order.cancel("out-of-stock", AT)
    assert (order.attested_at, order.placed_at, order.confirmed_at, order.changed_at) == (AT, AT, LATER, LATER)


ACTS = {
    S.AWAITING_ATTESTATION: lambda order: order.request_attestation(ALWAYS, POLICY, [ATTESTER], LATER),
    S.ATTESTED: lambda order: order.attest(by=ATTESTER, at=LATER),
    S.DECLINED: lambda order: order.decline(by=ATTESTER, comment="too dear", at=LATER),
    S.WITHDRAWN: lambda order: order.withdraw(LATER),
    S.PLACED: lambda order: order.place(LATER),
    S.REFUSED: lambda order: order.refuse(Refusal("customer-disabled", ""), LATER),
    S.CONFIRMED: lambda order: order.confirm(LATER),
    S.CANCELLED: lambda order: order.cancel("out-of-stock", LATER),
}
"""`expire` is not here: it does nothing, instead of raising, when it comes too late."""


@pytest.mark.parametrize("target", ACTS)
@pytest.mark.parametrize("status", S)
def test_a_move_is_made_repeated_without_effect_or_refused(status, target):
    order = in_status(status)
    assert order.status is status
    before = recorded(order)
    if target in MOVES[status]:
        ACTS[target](order)
        assert order.status is target
        assert len(recorded(order)) == len(before) + 1
    elif target is status or (target is S.ATTESTED and order.attested_at):
        ACTS[target](order)
        assert order.status is status
        assert recorded(order) == before
    else:
        with pytest.raises(Conflict) as refused:
            ACTS[target](order)
        assert refused.value.facts == {"order_status": status.value}
        assert order.status is status
        assert recorded(order) == before


@pytest.mark.parametrize("status", S)
def test_an_expiry_that_comes_too_late_obeys_what_stands(status):
    order = in_status(status)
    order.expire(order.expires_at or AT, LATER)
    assert order.status is (S.EXPIRED if status is S.AWAITING_ATTESTATION else status)


def test_an_expiry_of_an_earlier_deadline_does_nothing():
    order = a_waiting_order(BUYER, [ATTESTER])
    due = order.expires_at
    order.extend(timedelta(days=1), due)
    order.expire(due, LATER)
    assert order.status is S.AWAITING_ATTESTATION
    order.expire(due + timedelta(days=1), LATER)
    assert order.status is S.EXPIRED


def test_attest_and_decline_one_wins():
    first, second = in_status(S.ATTESTED), in_status(S.DECLINED)
    with pytest.raises(Conflict, match="order-not-awaiting-attestation"):
        first.decline(by=ATTESTER, comment="no", at=LATER)
    with pytest.raises(Conflict, match="order-not-awaiting-attestation"):
        second.attest(by=ATTESTER, at=LATER)


def test_a_decline_needs_a_reason():
    order = a_waiting_order(BUYER, [ATTESTER])
    with pytest.raises(Invalid, match="reason-missing"):
        order.decline(by=ATTESTER, comment="  ", at=LATER)
    assert order.status is S.AWAITING_ATTESTATION


def test_what_is_submitted_is_frozen_from_the_cart():
    order = an_order(BUYER, lines=3, price="27.88")
    assert (order.net, order.total, order.lines) == (euro("83.64").amount, euro("101.20").amount, 3)
    assert order.state().total == euro("101.20")
    assert recorded(order) == ["OrderSubmitted"]


def test_an_order_on_behalf_has_no_member():
    company = a_company()
    buyer = type(BUYER)(company, None)
    order = an_order(buyer)
    assert order.on_behalf
    assert order.member_id is None
    assert order.state().on_behalf


# -- asking, reminding, going further --------------------------------------------------------------------------------


def test_the_first_in_line_are_asked_at_submission_with_every_deadline():
    other = an_attester(COMPANY)
    order = a_waiting_order(BUYER, [ATTESTER, other, an_administrator(COMPANY)])
    assert (order.step, order.asked_of) == (1, AskedOf.ATTESTERS)
    assert set(order.asked) == {ATTESTER.contact_id, other.contact_id}
    assert order.remind_at == AT + POLICY.remind_after
    assert order.escalate_at == AT + POLICY.escalate_after
    assert order.expires_at == AT + POLICY.expire_after
    assert recorded(order) == ["OrderSubmitted", "AttestationRequested"]


def test_it_goes_to_the_administrators_and_then_to_the_merchant():
    administrator = an_administrator(COMPANY)
    members = [ATTESTER, administrator]
    order = a_waiting_order(BUYER, members)
    order.escalate(1, order.escalate_at, members, LATER)
    assert (order.step, order.asked_of, order.asked) == (2, AskedOf.ADMINISTRATORS, (administrator.contact_id,))
    assert order.escalate_at == AT + POLICY.merchant_after
    order.escalate(2, order.escalate_at, members, LATER)
    assert (order.step, order.asked_of, order.asked) == (3, AskedOf.MERCHANT, ())
    assert order.escalate_at is None
    assert order.remind_at is None
    assert recorded(order)[-2:] == ["AttestersAsked", "AttestersAsked"]


def test_an_escalation_of_a_step_that_is_over_or_was_extended_does_nothing():
    order = a_waiting_order(BUYER, [ATTESTER])
    due = order.escalate_at
    order.extend(timedelta(hours=5), order.expires_at)
    order.escalate(1, due, [ATTESTER], LATER)
    assert order.step == 1
    order.escalate(1, order.escalate_at, [ATTESTER], LATER)
    order.escalate(1, order.escalate_at, [ATTESTER], LATER)
    assert (order.step, order.asked_of) == (2, AskedOf.MERCHANT)


def test_a_reminder_is_noted_once():
    order = a_waiting_order(BUYER, [ATTESTER])
    order.remind(1, 0, LATER)
    order.remind(1, 0, LATER)
    order.remind(2, 0, LATER)
    assert (order.reminders, order.remind_at) == (1, None)
    order.remind(1, 1, LATER)
    assert order.reminders == 2


def test_an_extension_moves_every_deadline_once():
    order = a_waiting_order(BUYER, [ATTESTER])
    due = order.expires_at
    for _ in range(2):
        order.extend(timedelta(days=1), due)
    assert order.expires_at == due + timedelta(days=1)
    assert order.remind_at == AT + POLICY.remind_after + timedelta(days=1)
    assert order.escalate_at == AT + POLICY.escalate_after + timedelta(days=1)


def test_who_newly_may_is_asked_again_in_the_same_step():
    order = a_waiting_order(BUYER, [ATTESTER])
    newcomer = an_attester(COMPANY)
    order.ask_again([ATTESTER], LATER)
    assert recorded(order)[-1] == "AttestationRequested"
    order.ask_again([ATTESTER, newcomer], LATER)
    assert (order.step, set(order.asked)) == (1, {ATTESTER.contact_id, newcomer.contact_id})
    assert [asking["step"] for asking in order.askings] == [1, 1]


def test_when_the_last_attester_leaves_it_goes_further():
    administrator = an_administrator(COMPANY)
    order = a_waiting_order(BUYER, [ATTESTER, administrator])
    order.ask_again([administrator], LATER)
    assert (order.step, order.asked_of) == (2, AskedOf.ADMINISTRATORS)
    order.ask_again([], LATER)
    assert (order.step, order.asked_of) == (3, AskedOf.MERCHANT)


def test_the_merchant_decides_only_what_has_come_to_him():
    order = a_waiting_order(BUYER, [ATTESTER])
    with pytest.raises(Forbidden, match="order-not-with-merchant"):
        order.attest(by=Merchant(), at=LATER)
    order.escalate(1, order.escalate_at, [ATTESTER], LATER)
    order.attest(by=Merchant(), at=LATER)
    assert order.status is S.ATTESTED
    assert order.decided_by is None


class AnyOrderOfActs(RuleBasedStateMachine):
    """Whatever is tried, in whatever order: the order obeys its state machine, and nobody attests his own."""

    def __init__(self) -> None:
        super().__init__()
        self.company = a_company()
        self.buyer = a_buyer(self.company, administers=True)
        self.people: list[Any] = [self.buyer.member, an_attester(self.company), an_administrator(self.company)]
        self.order = a_waiting_order(self.buyer, self.people)
        self.total = self.order.total
        self.path = [self.order.status]

    def attempt(self, act) -> None:
        sequence = self.order.sequence
        try:
            act()
        except DomainError:
            assert self.order.sequence == sequence
        if self.order.status is not self.path[-1]:
            self.path.append(self.order.status)

    @rule(who=st.integers(0, 2))
    def attest(self, who: int) -> None:
        self.attempt(lambda: self.order.attest(by=self.people[who], at=LATER))

    @rule(who=st.integers(0, 2))
    def decline(self, who: int) -> None:
        self.attempt(lambda: self.order.decline(by=self.people[who], comment="no", at=LATER))

    @rule()
    def merchant_attests(self) -> None:
        self.attempt(lambda: self.order.attest(by=Merchant(), at=LATER))

    @rule()
    def withdraw(self) -> None:
        self.attempt(lambda: self.order.withdraw(LATER))

    @rule()
    def place(self):
        self.attempt(lambda: self.order.place(LATER))

    @rule()
    def refuse(self) -> None:
        self.attempt(lambda: self.order.refuse(Refusal("customer-disabled", ""), LATER))

    @rule()
    def confirm(self) -> None:
        self.attempt(lambda: self.order.confirm(LATER))

    @rule()
    def cancel(self) -> None:
        self.attempt(lambda: self.order.cancel("out-of-stock", LATER))

    @rule(step=st.integers(1, 3))
    def escalate(self, step: int) -> None:
        self.attempt(lambda: self.order.escalate(step, self.order.escalate_at or AT, self.people, LATER))

    @rule()
    def remind(self) -> None:
        self.attempt(lambda: self.order.remind(self.order.step, self.order.reminders, LATER))

    @rule(hours=st.integers(1, 100))
    def extend(self, hours: int) -> None:
        self.attempt(lambda: self.order.extend(timedelta(hours=hours), self.order.expires_at or AT))

    @precondition(lambda self: len(self.people) > 1)
    @rule()
    def members_change(self) -> None:
        self.attempt(lambda: self.order.ask_again(self.people[:2], LATER))

    @rule()
    def expire(self) -> None:
        self.attempt(lambda: self.order.expire(self.order.expires_at or AT, LATER))

    @invariant()
    def every_step_was_legal(self) -> None:
        assert all(after in MOVES[before] for before, after in zip(self.path, self.path[1:], strict=False))

    @invariant()
    def nobody_attested_his_own(self) -> None:
        assert self.order.decided_by != self.people[0].member_id

    @invariant()
    def placed_only_after_a_yes(self) -> None:
        if self.order.placed_at is not None:
            assert self.order.attested_at is not None

    @invariant()
    def the_price_is_frozen(self) -> None:
        assert self.order.total == self.total

    @invariant()
    def its_sequence_has_no_gaps(self) -> None:
        assert [one.sequence for one in self.order._recorded()] == list(range(1, self.order.sequence + 1))

    @invariant()
    def an_end_is_an_end(self) -> None:
        ended = [status for status in self.path if status in GIVES_BACK]
        assert len(ended) <= 1
        assert not ended or self.path[-1] is ended[0]


AnyOrderOfActs.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
test_any_order_of_acts = AnyOrderOfActs.TestCase


def test_a_payment_choice_is_told():
    order = an_order(BUYER, payment=PaymentChoice.INVOICE)
    order.place(AT)
    order.confirm(AT)
    assert order.state().payment is PaymentChoice.INVOICE
    assert recorded(order) == ["OrderSubmitted", "OrderPlaced", "OrderConfirmed"]


def test_ids_of_others_do_not_help():
    stranger = an_attester(new_id(), contact_id=ATTESTER.contact_id)
    assert Permission.ATTEST_ORDERS in stranger.permissions
    with pytest.raises(Forbidden, match="order-of-another-company"):
        a_waiting_order(BUYER, [ATTESTER]).attest(by=stranger, at=AT)
