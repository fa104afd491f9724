"""Limits of company and member: set, used, and right under parallel orders (OR-09)."""

import asyncio

from tests.orders.world import code

LIMIT = {"amount": "50.00", "currency": "EUR"}


async def set_limits(world, company, **limits) -> None:
    headers = {**world.staff, "If-Match": '"0"'}
    assert (await world.http.put(f"/v1/limits/companies/{company}", json=limits, headers=headers)).status_code == 200


async def test_an_administrator_sets_the_limits_of_his_company(world):
    company = await world.company()
    administrator = await world.member(company, administers=True)
    path = f"/v1/limits/companies/{company}"
    unread = {**administrator.headers, "If-Match": '"0"'}
    set_ = await world.http.put(path, json={"per_order": LIMIT}, headers=unread)
    assert set_.status_code == 200
    assert code(await world.http.put(path, json={}, headers=unread)) == (412, "stale-version")
    read = await world.http.get(path, headers=administrator.headers)
    assert read.json()["per_order"] == LIMIT
    assert read.headers["ETag"] == '"1"'
    buyer = await world.buyer(company)
    assert code(await world.http.get(path, headers=buyer.headers)) == (403, "administrators-only")
    stranger = await world.member(await world.company(), administers=True)
    assert code(await world.http.get(path, headers=stranger.headers)) == (404, "not-found")
    assert code(await world.http.get("/v1/limits/companies/" + str(stranger.member_id), headers=world.staff)) == (
        404,
        "not-found",
    )
    negative = {"per_order": {"amount": "-1.00", "currency": "EUR"}}
    refused = await world.http.put(path, json=negative, headers={**administrator.headers, "If-Match": '"1"'})
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/per_order"]


async def test_of_parallel_changes_to_one_version_one_is_made(world):
    path = f"/v1/limits/companies/{await world.company()}"
    for version in ("0", "1"):
        headers = {**world.staff, "If-Match": f'"{version}"'}
        changes = (world.http.put(path, json={"per_order": LIMIT}, headers=headers) for _ in range(4))
        assert sorted(answer.status_code for answer in await asyncio.gather(*changes)) == [200, 412, 412, 412]


async def test_over_the_companys_limit_is_refused_and_nothing_stored(world):
    company = await world.company()
    buyer = await world.buyer(company)
    await set_limits(world, company, per_order=LIMIT)
    refused = await world.submit(buyer, world.cart(company, buyer.member_id, price="50.00"))
    assert code(refused) == (403, "company-limit-exceeded")
    assert refused.json()["limit"] == LIMIT
    assert refused.json()["value"] == {"amount": "60.50", "currency": "EUR"}
    assert await world.used(company) is None
    assert (await world.http.get("/v1/orders", headers=buyer.headers)).json()["items"] == []


async def test_a_monthly_limit_of_the_company_holds_under_parallel_orders(world):
    """Each order alone is under the limit; together only four of ten fit."""
    company = await world.company()
    buyers = [await world.buyer(company) for _ in range(10)]
    await set_limits(world, company, per_month=LIMIT)
    answers = await asyncio.gather(*(world.submit(buyer) for buyer in buyers))
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [403] * 6
    assert await world.used(company) == "48.40"
    use = (await world.http.get(f"/v1/limits/companies/{company}", headers=world.staff)).json()["this_month"]
    assert use == [{"currency": "EUR", "reserved": "0.00", "spent": "48.40"}]


async def test_a_monthly_limit_of_a_member_counts_all_his_orders_in_parallel(world):
    """What is over it waits for attestation, and what waits counts."""
    company = await world.company()
    await world.attester(company)
    buyer = await world.buyer(company, limit_per_month=LIMIT)
    answers = await asyncio.gather(*(world.submit(buyer) for _ in range(8)))
    assert sorted(answer.json()["status"] for answer in answers) == ["awaiting_attestation"] * 4 + ["placed"] * 4
    assert await world.used(buyer.member_id) == "96.80"
    use = (await world.http.get(f"/v1/limits/companies/{company}", headers=world.staff)).json()["this_month"]
    assert use == [{"currency": "EUR", "reserved": "48.40", "spent": "48.40"}]


async def test_what_is_given_back_can_be_spent_again_while_others_order(world):
    company = await world.company()
    await world.attester(company)
    buyers = [await world.buyer(company, always_attested=True) for _ in range(6)]
    orders = [(await world.submit(buyer)).json()["order_id"] for buyer in buyers]
    withdrawn = [
        world.post(buyer.headers, f"/v1/orders/{order}/withdraw") for buyer, order in zip(buyers, orders, strict=True)
    ]
    answers = await asyncio.gather(*withdrawn, *(world.submit(buyer) for buyer in buyers))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert await world.used(company) == "72.60"
