"""ID-09: many applications decided by one request, each by itself."""

from uuid import uuid4

from tests.identity.applications.reviews import INVOICE, approval, refused, rejection


async def test_each_application_has_its_own_outcome_and_a_refusal_stops_none_of_the_others(review):
    first, second, third = [await review.apply(f"Bakkerij {n}", f"jan@b{n}.nl") for n in range(3)]
    await review.act(review.sanne, second, "withdraw")
    unknown = str(uuid4())
    answer = await review.decide(approval(first), approval(second), approval(unknown), rejection(third))
    outcomes = answer.json()["outcomes"]
    assert [one["application_id"] for one in outcomes] == [first, second, unknown, third]
    assert [one["status"] for one in outcomes] == [202, 409, 404, 202]
    assert [one["application"] and one["application"]["status"] for one in outcomes] == [
        "approving", None, None, "rejected",
    ]  # fmt: skip
    assert outcomes[1]["problem"]["code"] == "application-not-waiting"
    assert outcomes[1]["problem"]["application_status"] == "withdrawn"


async def test_repeated_under_its_key_it_answers_as_then_and_does_what_is_left(review):
    first, second = await review.apply(), await review.apply()
    await review.decide(approval(first), key="monday")  # as if the rest of the request had been lost
    both = [approval(first), rejection(second)]
    for _ in range(2):
        answer = await review.decide(*both, key="monday")
        assert [one["status"] for one in answer.json()["outcomes"]] == [202, 202]
    assert (await review.events("approval_requested"), await review.events("rejected")) == (1, 1)
    other = await review.decide(rejection(first), key="monday")
    assert other.json()["outcomes"][0]["problem"]["code"] == "idempotency-key-reused"
    without = await review.decide(approval(first))
    assert without.json()["outcomes"][0]["problem"]["code"] == "application-not-waiting"


async def test_the_key_of_a_colleague_is_another_key(review):
    application = await review.apply()
    await review.decide(approval(application), key="monday")
    answer = await review.decide(approval(application), key="monday", who=review.joost)
    assert answer.json()["outcomes"][0]["status"] == 409


async def test_the_same_request_twice_at_one_moment_decides_once(review):
    applications = [await review.apply() for _ in range(5)]
    body = [approval(one) for one in applications]
    answers = [review.decide(*body, key="monday"), review.decide(*body, key="monday")]
    assert await review.at_once(*answers) == [200, 200]
    assert await review.events("approval_requested") == 5


async def test_one_customer_number_goes_to_one_company_and_the_others_get_proposals(review):
    first, second = [await review.apply() for _ in range(2)]
    bodies = [approval(one, customer_number="K-1") for one in (first, second)]
    taken = await review.api.http.post(
        "/v1/companies",
        json={"legal_name": "Vos", "country": "NL", "language": "nl", "storefront": "nl", "customer_number": "K-1"},
        headers=review.sanne,
    )
    assert taken.status_code == 201
    outcomes = (await review.decide(*bodies)).json()["outcomes"]
    assert [(one["problem"]["code"], one["problem"]["proposal"]) for one in outcomes] == [
        ("customer-number-taken", "K-1-2")
    ] * 2


async def test_terms_that_need_a_second_person_are_proposed_in_bulk_too(review):
    await review.two_people_above(30)
    application = await review.apply()
    (outcome,) = (await review.decide(approval(application, **INVOICE))).json()["outcomes"]
    assert (outcome["application"]["status"], outcome["application"]["proposal"]) == ("waiting", 1)


async def test_too_many_the_same_twice_and_an_unknown_verdict_are_refused_as_a_whole(review):
    application = await review.apply()
    for decisions in (
        [],
        [rejection(str(uuid4())) for _ in range(101)],
        [approval(application), rejection(application)],
        [{"application_id": application, "verdict": "perhaps"}],
        [approval(application, reason="other")],
    ):
        assert refused(await review.decide(*decisions)) == (422, "invalid-request")
    assert refused(await review.decide(approval(application), key="k" * 129)) == (422, "idempotency-key-malformed")
    assert (await review.read(application))["status"] == "waiting"
