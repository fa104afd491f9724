"""ID-20: a sales representative comes to the orders of his own companies alone, and orders for them."""

import json

import pytest
from sqlalchemy import text

from chassis.ids import new_id
from contracts.identity.values import StaffPermission
from tests.orders.orders.test_overview import numbers, ordered
from tests.orders.world import World, code, staff_claims

MAY = set(StaffPermission) - {StaffPermission.SEE_ALL_COMPANIES}


def staff(world: World, *permissions: StaffPermission, representative: str | None = None) -> dict[str, str]:
    claims = staff_claims(*permissions, representative=representative)
    return {"Authorization": f"Bearer {world.identity.token(claims)}"}


@pytest.fixture
def joost(world: World) -> dict[str, str]:
    return staff(world, *MAY, representative="joost")


async def test_he_sees_the_orders_of_his_companies_in_lists_and_files(world, joost):
    his, foreign = await world.company(sales_representative="joost"), await world.company(sales_representative="marit")
    of_his = await ordered(world, await world.buyer(his))
    of_foreign = await ordered(world, await world.buyer(foreign))
    of_nobodys = await ordered(world, await world.buyer(await world.company()))
    assert await numbers(world, joost) == [of_his]
    assert await numbers(world, joost, f"?company_id={foreign}") == []
    assert await numbers(world, staff(world, *MAY)) == []
    exported = (await world.http.get("/v1/orders/export", headers=joost)).text
    assert of_his in exported
    assert of_foreign not in exported
    assert of_nobodys not in exported


async def test_an_order_of_another_company_is_not_there_for_him(world, joost):
    """Neither to read nor to decide on; nor are the limits of its company."""
    foreign = await world.company(sales_representative="marit")
    answer = await world.submit(await world.buyer(foreign, always_attested=True))
    path = answer.headers["Location"]
    assert code(await world.http.get(path, headers=joost)) == (404, "not-found")
    assert code(await world.http.get("/v1/orders/nonsense", headers=joost)) == (404, "not-found")
    for act in ("attest", "decline", "confirm", "cancel"):
        assert code(await world.post(joost, f"{path}/{act}", {"reason": "no-stock"})) == (404, "not-found")
    limits = f"/v1/limits/companies/{foreign}"
    assert code(await world.http.get(limits, headers=joost)) == (404, "not-found")
    put = await world.http.put(limits, json={}, headers={**joost, "If-Match": "*"})
    assert code(put) == (404, "not-found")


async def test_he_reads_and_cancels_an_order_of_his_company_and_sets_its_limits(world, joost):
    his = await world.company(sales_representative="joost")
    path = (await world.submit(await world.buyer(his))).headers["Location"]
    assert (await world.http.get(path, headers=joost)).status_code == 200
    assert (await world.post(joost, f"{path}/cancel", {"reason": "no-stock"})).json()["status"] == "cancelled"
    assert (await world.http.get(f"/v1/limits/companies/{his}", headers=joost)).status_code == 200


async def test_he_orders_for_his_companies_and_for_no_other(world, joost):
    his, foreign = await world.company(sales_representative="joost"), await world.company(sales_representative="marit")
    assert (await world.submit_signed(joost, world.signed(world.cart(his, None)))).status_code == 201
    for other in (foreign, new_id()):
        refused = await world.submit_signed(joost, world.signed(world.cart(other, None)))
        assert code(refused) == (404, "not-found")
    without = staff(world, StaffPermission.SEE_ALL_COMPANIES, StaffPermission.SEE_ORDERS)
    refused = await world.submit_signed(without, world.signed(world.cart(his, None)))
    assert code(refused) == (403, "permission-missing")
    assert refused.json()["permission"] == "order_for_customers"


async def test_a_company_that_is_given_to_another_takes_its_orders_along(world, joost):
    company = await world.company(sales_representative="joost")
    number = await ordered(world, await world.buyer(company))
    assert await numbers(world, joost) == [number]
    await world.company(company_id=company, sales_representative="marit")
    assert await numbers(world, joost) == []


async def test_a_permission_of_a_later_release_is_no_reason_to_refuse_a_token(world):
    claims = {**staff_claims(), "permissions": ["see_orders", "see_all_companies", "fly"]}
    headers = {"Authorization": f"Bearer {world.identity.token(claims)}"}
    assert await numbers(world, headers) == []


async def test_an_order_and_its_event_say_who_of_the_staff_ordered_for_whom(world):
    """ID-20, OR-12: the company may be told, too."""
    claims = staff_claims(*MAY, representative="joost")
    joost = {"Authorization": f"Bearer {world.identity.token(claims)}"}
    company = await world.company(sales_representative="joost")
    answer = await world.submit_signed(joost, world.signed(world.cart(company, None)))
    shown = (await world.http.get(answer.headers["Location"], headers=joost)).json()
    assert (shown["staff_id"], shown["on_behalf"], shown["company_id"]) == (claims["sub"], True, str(company))
    submitted = text("SELECT value FROM outbox WHERE key = :key AND type LIKE '%.order.submitted.%'")
    async with world.database.reading() as connection:
        row = (await connection.execute(submitted, {"key": answer.json()["order_id"]})).one()
    assert json.loads(row.value)["staff_id"] == claims["sub"]
    administrator = await world.member(company, administers=True)
    seen = await world.http.get(answer.headers["Location"], headers=administrator.headers)
    assert seen.json()["staff_id"] == claims["sub"]
    by_member = await world.submit(await world.buyer(company))
    read = await world.http.get(by_member.headers["Location"], headers=joost)
    assert read.json()["staff_id"] is None
