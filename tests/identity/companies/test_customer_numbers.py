"""ID-09, ID-11: a customer number is one company's; whoever comes second is refused with a number that he can take."""

from typing import Any

import httpx2

from tests.identity.applications.reviews import Review
from tests.identity.conftest import Api


async def create(review: Review, number: str) -> httpx2.Response:
    body = {"legal_name": "Vos", "country": "NL", "language": "nl", "storefront": "nl", "customer_number": number}
    return await review.api.http.post("/v1/companies", json=body, headers=review.sanne)


async def test_of_many_who_want_one_number_at_once_one_gets_it_and_the_others_can_take_what_is_proposed(api: Api):
    review = await Review(api).begin()
    applications = [await review.apply() for _ in range(2)]
    acts: list[Any] = [create(review, "K-1") for _ in range(4)]
    acts += [review.act(review.sanne, one, "approve", customer_number="K-1") for one in applications]
    codes = await review.at_once(*acts)
    assert codes.count(201) == 1, "an approval claims its number when it is carried out"
    assert codes.count(409) >= 3
    refused = await create(review, "K-1")
    assert (refused.json()["code"], refused.json()["proposal"]) == ("customer-number-taken", "K-1-2")
    assert (await create(review, "K-1-2")).status_code == 201
    assert (await create(review, "K-1")).json()["proposal"] == "K-1-3"


async def test_what_is_proposed_for_the_longest_number_is_a_number_too(api: Api):
    review = await Review(api).begin()
    longest = "K" * 63
    assert (await create(review, longest)).status_code == 201
    proposal = (await create(review, longest)).json()["proposal"]
    assert (await create(review, proposal)).status_code == 201
