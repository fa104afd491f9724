"""Who may attest, and who is asked: over every kind of company."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from contracts.identity.values import Permission
from contracts.orders.values import AskedOf
from orders.attestation.attesters import LINE, Merchant, may_attest, who_is_asked
from tests.orders.samples import a_buyer, a_company, a_member, a_waiting_order, an_administrator, an_attester

COMPANY, OTHER = a_company(), a_company()
BUYER = a_buyer(COMPANY)

members = st.builds(
    lambda company, administers, attests, active: a_member(
        company, *([Permission.ATTEST_ORDERS] if attests else []), administers=administers, active=active
    ),
    st.sampled_from([COMPANY, COMPANY, COMPANY, OTHER]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


def test_nobody_attests_his_own_order_not_even_the_administrator():
    own = replace(BUYER.member, administers=True, permissions=frozenset(Permission))
    order = a_waiting_order(BUYER, [own])
    assert may_attest(order, own).code == "order-own-attestation"
    rejoined = replace(own, member_id=OTHER.company_id)
    assert may_attest(order, rejoined).code == "order-own-attestation"


def test_an_attester_and_an_administrator_may():
    order = a_waiting_order(BUYER, [])
    assert may_attest(order, an_attester(COMPANY)) is None
    assert may_attest(order, an_administrator(COMPANY)) is None


def test_others_may_not_and_are_told_why():
    order = a_waiting_order(BUYER, [an_attester(COMPANY)])
    assert may_attest(order, a_member(COMPANY, Permission.BUY)).code == "member-may-not-attest"
    assert may_attest(order, an_attester(COMPANY, active=False)).code == "member-inactive"
    assert may_attest(order, an_administrator(OTHER)).code == "order-of-another-company"
    assert may_attest(order, Merchant()).code == "order-not-with-merchant"


def test_a_sole_administrator_who_must_be_attested_goes_to_the_merchant():
    buyer = a_buyer(COMPANY, administers=True)
    order = a_waiting_order(buyer, [buyer.member])
    assert order.asked_of is AskedOf.MERCHANT
    assert may_attest(order, Merchant()) is None


@given(st.lists(members, max_size=6), st.sampled_from(LINE))
def test_only_who_may_is_asked_and_it_never_ends_nowhere(people, first):
    order = a_waiting_order(BUYER, [])
    place, asked = who_is_asked(order, [*people, BUYER.member], first)
    assert all(may_attest(order, one) is None for one in asked)
    assert LINE.index(place) >= LINE.index(first)
    assert bool(asked) == (place is not AskedOf.MERCHANT)
    assert BUYER.member not in asked


@given(members)
def test_who_may_attest_is_of_the_company_active_and_entitled(person):
    allowed = may_attest(a_waiting_order(BUYER, []), person) is None
    entitled = person.administers or Permission.ATTEST_ORDERS in person.permissions
    assert allowed == (person.company_id == COMPANY.company_id and person.active and entitled)
