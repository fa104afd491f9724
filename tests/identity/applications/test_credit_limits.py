"""ID-09: the second person whom a high credit limit needs, and what an approval gives of it."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.shared.values import Money
from identity.applications.approving import approve_application
from identity.policies import ApprovalPolicy, RegistrationPolicy
from tests.identity.applications.reviews import INVOICE, Review, approval, refused
from tests.identity.people import AT


def money(amount: str, currency: str = "EUR") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


MOST, HIGH = money("5000.00"), money("5000.01")


async def two_people_above(review: Review, limit: dict[str, str], **others: Any) -> None:
    await review.follow(ApprovalPolicy(second_above_credit_limit=Money.model_validate(limit), **others))


async def carried_out(review: Review, application: str) -> dict[str, Any]:
    """The company, once the process has come back with the decision."""
    async with review.api.database.transaction() as session:
        await approve_application(session, UUID(application), 1, AT)
    company: dict[str, Any] = (await review.read(application))["company"]
    return company


async def test_a_limit_above_the_policy_is_proposed_and_given_when_a_second_person_confirms(review):
    await two_people_above(review, MOST)
    application = await review.apply()
    proposed = await review.act(review.sanne, application, "approve", credit_limit=HIGH)
    assert (proposed.json()["status"], proposed.json()["proposal"]) == ("waiting", 1)
    assert (await review.read(application))["proposed"]["conditions"]["credit_limit"] == HIGH
    own = await review.act(review.sanne, application, "confirm", proposal=1)
    assert refused(own) == (403, "second-person-needed")
    confirmed = await review.act(review.joost, application, "confirm", proposal=1)
    assert (confirmed.status_code, confirmed.json()["status"]) == (202, "approving")
    assert (await review.read(application))["company"]["credit_limit"] is None, "not before it is carried out"
    assert (await carried_out(review, application))["credit_limit"] == HIGH


@pytest.mark.parametrize(
    ("terms", "status"),
    [
        ({}, "approving"),
        ({"credit_limit": None}, "approving"),
        ({"credit_limit": money("0")}, "approving"),
        ({"credit_limit": MOST}, "approving"),
        ({"credit_limit": money("5000.000000")}, "approving"),
        ({"credit_limit": money("5000.000001")}, "waiting"),
        ({"credit_limit": money("1.00", "SEK")}, "waiting"),
        ({"credit_limit": MOST, **INVOICE}, "approving"),
    ],
)
async def test_a_limit_within_the_policy_needs_one_person_and_one_in_another_currency_two(review, terms, status):
    await two_people_above(review, MOST)
    answer = await review.act(review.sanne, await review.apply(), "approve", **terms)
    assert (answer.status_code, answer.json()["status"]) == (202, status)


async def test_either_rule_alone_asks_for_the_second_person(review):
    await two_people_above(review, MOST, second_above_invoice_days=30)
    for terms in ({"credit_limit": HIGH}, {"credit_limit": MOST, **INVOICE}):
        answer = await review.act(review.sanne, await review.apply(), "approve", **terms)
        assert answer.json()["status"] == "waiting", terms


async def test_of_many_decided_at_once_those_with_a_high_limit_wait_for_a_second_person(review):
    await two_people_above(review, MOST)
    within, above = await review.apply(), await review.apply("Slagerij Vos", "piet@slager.nl")
    answer = await review.decide(approval(within, credit_limit=MOST), approval(above, credit_limit=HIGH))
    outcomes = [one["application"] for one in answer.json()["outcomes"]]
    assert [(one["status"], one["proposal"]) for one in outcomes] == [("approving", None), ("waiting", 1)]


async def test_nobody_gives_a_high_limit_alone_by_leaving_it_to_the_group(review):
    """ID-19: what a group gives by default counts, and the second person sees it; also the group of the registration."""
    body = {"code": "large", "names": {"en": "Large"}, "credit_limit": HIGH}
    assert (await review.api.http.post("/v1/groups", json=body, headers=review.sanne)).status_code == 201
    await two_people_above(review, MOST)
    named = await review.apply()
    assert (await review.act(review.sanne, named, "approve", groups=["large"])).json()["status"] == "waiting"
    await review.follow(RegistrationPolicy(required=frozenset(), groups=("large",)), expected=1)
    registered = await review.apply("Slagerij Vos", "piet@slager.nl")
    assert (await review.act(review.sanne, registered, "approve")).json()["status"] == "waiting"
    for application in (named, registered):
        assert (await review.read(application))["proposed"]["conditions"]["credit_limit"] == HIGH
    said = await review.apply("Bloemen Bos", "els@bloemen.nl")
    within = await review.act(review.sanne, said, "approve", groups=["large"], credit_limit=MOST)
    assert within.json()["status"] == "approving"


async def test_an_approval_gives_what_its_group_gave_when_it_was_decided(review):
    """ID-09, ID-19: nobody said yes to what the group gives by default since."""
    body = {"code": "large", "names": {"en": "Large"}}
    await review.api.http.post("/v1/groups", json={**body, "credit_limit": MOST}, headers=review.sanne)
    await two_people_above(review, MOST)
    application = await review.apply()
    assert (await review.act(review.sanne, application, "approve", groups=["large"])).json()["status"] == "approving"
    headers = {**review.sanne, "If-Match": "*"}
    change = {"credit_limit": money("900000.00"), "pays_by_invoice": True}
    assert (await review.api.http.patch("/v1/groups/large", json=change, headers=headers)).status_code == 200
    company = await carried_out(review, application)
    assert (company["credit_limit"], company["pays_by_invoice"]) == (MOST, False)


async def test_the_policy_of_the_submission_decides_and_a_change_of_a_company_asks_nobody(review):
    application = await review.apply()
    await two_people_above(review, MOST)
    assert (await review.act(review.sanne, application, "approve", credit_limit=HIGH)).json()["status"] == "approving"
    company = await carried_out(review, application)
    assert company["credit_limit"] == HIGH
    headers, higher = {**review.sanne, "If-Match": "*"}, {"credit_limit": money("9000.00")}
    changed = await review.api.http.patch(f"/v1/companies/{company['id']}", json=higher, headers=headers)
    assert (changed.status_code, changed.json()["credit_limit"]) == (200, money("9000.00"))


async def test_confirmed_by_two_at_once_a_high_limit_is_approved_once(review):
    await two_people_above(review, MOST)
    application = await review.apply()
    await review.act(review.sanne, application, "approve", credit_limit=HIGH)
    assert await review.at_once(*(review.act(review.joost, application, "confirm", proposal=1) for _ in range(2))) == [
        202,
        409,
    ]
    assert await review.events("approval_requested") == 1


@pytest.mark.parametrize("limit", [money("-0.01"), money("5000", "eur"), money("NaN"), money("1e30"), "5000 EUR", 5000])
async def test_what_is_no_limit_is_refused_in_an_approval_and_in_the_policy(review, limit):
    answer = await review.act(review.sanne, await review.apply(), "approve", credit_limit=limit)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/credit_limit")
    headers, policy = {**review.sanne, "If-Match": '"0"'}, {"second_above_credit_limit": limit}
    refused_policy = await review.api.http.put("/v1/policies/approval", json=policy, headers=headers)
    assert refused_policy.status_code == 422
    assert refused_policy.json()["errors"][0]["pointer"].startswith("/second_above_credit_limit")


amounts = st.decimals(0, 10**9, places=2)


@given(amounts, amounts, st.sampled_from(["EUR", "SEK"]), st.booleans(), st.none() | st.integers(0, 365))
def test_two_are_needed_above_the_limit_or_in_another_currency_whatever_the_invoice_terms(
    most: Decimal, amount: Decimal, currency: str, pays_by_invoice: bool, days: int | None
) -> None:
    policy = ApprovalPolicy(second_above_credit_limit=Money(amount=most, currency="EUR"))
    limit = Money(amount=amount, currency=currency)
    asked: Any = {"pays_by_invoice": pays_by_invoice, "invoice_days": days}
    assert policy.needs_second(**asked, credit_limit=limit) is (currency == "SEK" or amount > most)
    assert policy.needs_second(**asked, credit_limit=None) is False
    assert ApprovalPolicy().needs_second(**asked, credit_limit=limit) is False
    stored = ApprovalPolicy.model_validate(policy.model_dump(mode="json"))
    assert stored == policy, "as it is copied into an application"
