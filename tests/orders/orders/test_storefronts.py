"""ID-19: at a storefront that a company may not enter it orders nothing."""

import pytest

from chassis import clock
from contracts.identity.storefronts import StorefrontAccess, StorefrontState
from contracts.identity.values import Permission
from orders.orders.commands import place_order
from tests.orders.world import World, code

CLOSED = (403, "storefront-closed-to-group")


async def outlet(world: World, *groups: str, access: str = "closed", active: bool = True) -> None:
    """As identity publishes it now."""
    state = StorefrontState(code="outlet", access=StorefrontAccess(access), groups=groups, active=active)
    await world.publish("outlet", state)


async def at_the_outlet(world: World, *groups: str, **changed):
    company = await world.company(groups=groups)
    return await world.buyer(company, storefront="outlet", **changed)


def cart(world: World, who, storefront: str = "outlet"):
    return world.cart(who.company_id, who.member_id, storefront=storefront)


async def test_an_order_is_taken_at_the_storefront_that_the_member_is_in(world):
    await outlet(world, "trade")
    who = await at_the_outlet(world, "trade")
    answer = await world.submit(who, cart(world, who))
    assert answer.status_code == 201
    read = await world.http.get(answer.headers["Location"], headers=who.headers)
    assert read.json()["storefront"] == "outlet"


@pytest.mark.parametrize(
    ("doors", "refused"),
    [
        ({"access": "closed"}, "storefront-closed-to-group"),
        ({"access": "public", "active": False}, "storefront-inactive"),
    ],
)
async def test_a_change_of_who_may_enter_counts_for_the_next_order(world, doors, refused):
    await outlet(world, access="public")
    who = await at_the_outlet(world)
    assert (await world.submit(who, cart(world, who))).status_code == 201
    await outlet(world, **doors)
    answer = await world.submit(who, cart(world, who))
    assert code(answer) == (403, refused)
    assert answer.json()["storefront"] == "outlet"


async def test_a_company_that_leaves_the_group_orders_there_no_more(world):
    await outlet(world, "trade")
    who = await at_the_outlet(world, "trade")
    await world.company(company_id=who.company_id, groups=("retail",))
    assert code(await world.submit(who, cart(world, who))) == CLOSED


async def test_a_storefront_that_is_not_known_here_takes_no_orders_but_from_its_own_companies(world):
    who = await at_the_outlet(world)
    assert code(await world.submit(who, cart(world, who))) == (403, "storefront-unknown")
    own = await world.buyer(await world.company(storefront="outlet"))
    assert (await world.submit(own, cart(world, own))).status_code == 201


async def test_a_cart_is_ordered_from_at_the_storefront_that_priced_it(world):
    await outlet(world, access="public")
    who = await at_the_outlet(world)
    assert code(await world.submit(who, cart(world, who, "main"))) == (403, "priced-cart-of-another-storefront")


async def test_an_attested_order_is_not_placed_once_its_company_may_not_enter(world):
    await outlet(world, "trade")
    who = await at_the_outlet(world, "trade", always_attested=True)
    attester = await world.attester(who.company_id)
    submitted = await world.submit(who, cart(world, who))
    assert submitted.json()["status"] == "awaiting_attestation"
    order_id = submitted.json()["order_id"]
    await outlet(world, "vip")
    assert (await world.post(attester.headers, f"/v1/orders/{order_id}/attest")).status_code == 200
    async with world.database.transaction() as session:
        order = await place_order(session, order_id, clock.now())
    assert (order.status, order.reason) == ("refused", "storefront-closed-to-group")


async def test_staff_order_for_a_company_whatever_its_storefront(world):
    await world.publish("main", StorefrontState(code="main", access=StorefrontAccess.CLOSED, active=True))
    company = await world.company()
    answer = await world.submit_signed(world.staff, world.signed(world.cart(company, None)))
    assert answer.status_code == 201
    own = await world.member(company, Permission.BUY)
    assert code(await world.submit(own)) == CLOSED
