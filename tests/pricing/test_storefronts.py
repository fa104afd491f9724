"""ID-19: at a storefront that a company may not enter it is shown no prices."""

from uuid import UUID

import pytest

from tests.pricing.merchant import Merchant, accepted, refused

LAMP = {"lines": [{"article": "lamp", "quantity": "1"}]}
PRICES = {"articles": ["lamp"]}
CLOSED = "storefront-closed-to-group"


@pytest.fixture
async def company(merchant: Merchant) -> UUID:
    """Of storefront `main` and group `retail`."""
    company = await merchant.company(groups=["retail"])
    await merchant.article("lamp")
    await merchant.price_list("retail", {"lamp": [{"from": "1", "price": "10"}]})
    await merchant.give("retail", group="retail")
    await merchant.vat_rate("NL", "21")
    return company


async def test_prices_and_carts_are_for_the_storefront_that_the_member_is_in(merchant: Merchant, company: UUID) -> None:
    await merchant.storefront("outlet")
    for entered, shown in (("outlet", "outlet"), (None, "main"), ("main", "main")):
        member = merchant.signed_in(await merchant.join(company, storefront=entered))
        answer = (await accepted(member.post("/priced-carts", json=LAMP))).json()
        assert answer["cart"]["storefront"] == shown


async def test_a_change_of_who_may_enter_counts_for_the_next_request(merchant: Merchant, company: UUID) -> None:
    member = merchant.signed_in(await merchant.join(company, storefront="outlet"))
    for path, body in (("/priced-carts", LAMP), ("/prices", PRICES)):
        await merchant.storefront("outlet", access="closed", groups=["retail"])
        await accepted(member.post(path, json=body))
        await merchant.storefront("outlet", access="closed", groups=["vip"])
        problem = await refused(member.post(path, json=body), 403, CLOSED)
        assert problem["storefront"] == "outlet"
        await merchant.storefront("outlet", active=False)
        await refused(member.post(path, json=body), 403, "storefront-inactive")


async def test_a_storefront_that_is_not_known_here_shows_nothing(merchant: Merchant, company: UUID) -> None:
    member = merchant.signed_in(await merchant.join(company, storefront="elsewhere"))
    await refused(member.post("/prices", json=PRICES), 403, "storefront-unknown")


async def test_the_policy_of_the_storefront_that_he_is_in_counts(merchant: Merchant, company: UUID) -> None:
    await merchant.storefront("outlet")
    staff = merchant.staff
    body = (await accepted(staff.get("/policies/pricing"))).json() | {"levels": ["company"]}
    put = staff.put("/policies/pricing", params={"storefront": "outlet"}, json=body, headers={"If-Match": '"0"'})
    await accepted(put)
    outlet = merchant.signed_in(await merchant.join(company, storefront="outlet"))
    main = merchant.signed_in(await merchant.join(company))
    answers = [(await accepted(one.post("/prices", json=PRICES))).json() for one in (outlet, main)]
    assert [answer["items"][0]["unit_price"] for answer in answers] == [None, "10"]


async def test_staff_are_in_no_storefront_and_see_the_prices_of_every_company(
    merchant: Merchant, company: UUID
) -> None:
    await merchant.storefront("main", access="closed")
    named = {**PRICES, "company_id": str(company)}
    await accepted(merchant.staff.post("/prices", json=named))
    own = merchant.signed_in(await merchant.join(company))
    await refused(own.post("/prices", json=PRICES), 403, CLOSED)
