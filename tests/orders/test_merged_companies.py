"""ID-26: orders of a company that was merged stay as they were placed, and are found, decided and counted in the other."""

import asyncio
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from contracts.identity.values import CustomerStatus, Permission
from contracts.orders.values import AskedOf, OrderStatus
from orders.orders.models import Order
from tests.orders.attestation.test_decisions import place
from tests.orders.limits.test_limits import set_limits
from tests.orders.orders.test_overview import numbers
from tests.orders.world import Person, World, code

ATTESTS = (Permission.ATTEST_ORDERS,)
BUYS = (Permission.BUY, Permission.SEE_OWN_ORDERS)


class Merge:
    """A company, its duplicate with a buyer who must be attested and an attester, and an order that waits there."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def begin(self) -> "Merge":
        world = self.world
        self.kept, self.twin = await world.company(), await world.company()
        self.administrator = await world.member(self.kept, administers=True)
        self.attester = await world.attester(self.twin)
        self.buyer = await world.buyer(self.twin, always_attested=True)
        answer = (await world.submit(self.buyer, world.cart(self.twin, self.buyer.member_id, price="69.12"))).json()
        self.order_id, self.number = answer["order_id"], answer["number"]
        return self

    async def company_goes(self) -> None:
        await self.world.company(CustomerStatus.MERGED, self.twin, merged_into=self.kept)

    async def attester_goes(self) -> None:
        self.attester = await self._goes(self.attester, *ATTESTS)

    async def buyer_goes(self) -> None:
        self.buyer = await self._goes(self.buyer, *BUYS, always_attested=True)

    async def all(self) -> None:
        for part in (self.company_goes, self.attester_goes, self.buyer_goes):
            await part()

    async def _goes(self, who: Person, *permissions: Permission, **changed: Any) -> Person:
        ids: dict[str, Any] = {"member_id": who.member_id, "contact_id": who.contact_id}
        return await self.world.member(self.kept, *permissions, **ids, **changed)

    async def order(self) -> Order:
        async with self.world.database.transaction() as session:
            order = await session.get_one(Order, UUID(self.order_id))
            session.expunge(order)
            return order


@pytest.fixture
async def merge(world: World) -> Merge:
    return await Merge(world).begin()


async def test_they_are_found_in_the_company_that_remains_and_say_who_placed_them(world, merge):
    await merge.all()
    later = (await world.submit(merge.buyer)).json()["number"]
    foreign = await world.member(await world.company(), administers=True)
    assert await numbers(world, merge.administrator.headers) == [later, merge.number]
    assert await numbers(world, merge.buyer.headers, "?scope=own") == [later, merge.number]
    assert await numbers(world, world.staff, f"?company_id={merge.kept}") == [later, merge.number]
    assert await numbers(world, world.staff, f"?company_id={merge.twin}") == [merge.number], "its history"
    assert await numbers(world, foreign.headers) == []
    assert (await merge.order()).company_id == merge.twin
    export = await world.http.get(f"/v1/orders/export?company_id={merge.kept}", headers=world.staff)
    assert merge.number in export.text


@pytest.mark.parametrize("order", list(permutations(("company_goes", "attester_goes", "buyer_goes"))))
async def test_in_whatever_order_the_news_comes_a_waiting_order_is_with_its_attester(world, merge, order):
    """Topics have no order among each other; at no point is there nobody to ask, which would hand it to the merchant."""
    for part in order:
        await getattr(merge, part)()
        waiting = await merge.order()
        assert (waiting.asked_of, waiting.asked) == (AskedOf.ATTESTERS, (merge.attester.contact_id,)), part
    attested = await world.post(merge.attester.headers, f"/v1/orders/{merge.order_id}/attest")
    assert attested.json()["status"] == "attested"
    assert (await place(world, merge.order_id)).status is OrderStatus.PLACED


async def test_attesters_of_the_other_company_are_asked_too(world, merge):
    await merge.all()
    colleague = await world.attester(merge.kept)
    assert set((await merge.order()).asked) == {merge.attester.contact_id, colleague.contact_id}
    assert code(await world.post(colleague.headers, f"/v1/orders/{merge.order_id}/attest"))[0] == 200


async def test_an_administrator_of_the_other_company_takes_it_back(world, merge):
    assert code(await world.post(merge.administrator.headers, f"/v1/orders/{merge.order_id}/withdraw"))[0] == 404
    await merge.all()
    answer = await world.post(merge.administrator.headers, f"/v1/orders/{merge.order_id}/withdraw")
    assert answer.json()["status"] == "withdrawn"
    assert await world.used(merge.twin) == "0.00", "what it had reserved is given back where it was booked"


async def test_an_order_of_who_was_a_member_of_both_is_his_still(world, merge):
    """His membership of the duplicate ended with it; he is the same person, so it is placed, and not his to attest."""
    ids = {"member_id": merge.buyer.member_id, "contact_id": merge.buyer.contact_id}
    there = await world.member(merge.kept, *BUYS, *ATTESTS, contact_id=merge.buyer.contact_id)
    await world.member(merge.kept, *BUYS, active=False, **ids)
    await merge.company_goes()
    await merge.attester_goes()
    assert await numbers(world, there.headers, "?scope=own") == [merge.number]
    own = await world.post(there.headers, f"/v1/orders/{merge.order_id}/attest")
    assert code(own) == (403, "order-own-attestation")
    await world.post(merge.attester.headers, f"/v1/orders/{merge.order_id}/attest")
    assert (await place(world, merge.order_id)).status is OrderStatus.PLACED


async def test_what_both_have_used_of_the_month_counts_for_the_one_that_remains(world, merge):
    await merge.all()
    await set_limits(world, merge.kept, per_month={"amount": "100.00", "currency": "EUR"})
    limits = await world.http.get(f"/v1/limits/companies/{merge.kept}", headers=world.staff)
    assert limits.json()["this_month"] == [{"currency": "EUR", "reserved": "83.64", "spent": "0.00"}]
    over = world.cart(merge.kept, merge.buyer.member_id, price="20.00")
    refused = await world.submit(merge.buyer, over)
    assert code(refused) == (403, "company-limit-exceeded")
    assert refused.json()["value"] == {"amount": "107.84", "currency": "EUR"}
    await world.post(merge.administrator.headers, f"/v1/orders/{merge.order_id}/withdraw")
    assert (await world.submit(merge.buyer, over)).status_code == 201


async def test_a_token_or_a_cart_of_the_merged_company_is_refused(world, merge):
    old_buyer = merge.buyer
    cart = world.cart(merge.twin, None)
    await merge.company_goes()
    assert code(await world.submit(old_buyer)) == (403, "customer-merged")
    assert code(await world.submit_signed(world.staff, world.signed(cart))) == (403, "customer-merged")
    await merge.buyer_goes()
    assert code(await world.submit(old_buyer)) == (403, "customer-merged")
    priced_before = world.cart(merge.twin, merge.buyer.member_id)
    assert code(await world.submit(merge.buyer, priced_before)) == (403, "priced-cart-not-yours")


async def test_an_order_at_the_moment_of_the_merge_is_refused_or_found_there(world, merge):
    cart = world.cart(merge.twin, merge.buyer.member_id)
    answer, _ = await asyncio.gather(world.submit(merge.buyer, cart), merge.company_goes())
    await merge.attester_goes()
    found = await numbers(world, merge.administrator.headers)
    if answer.status_code == 201:
        assert found == [answer.json()["number"], merge.number]
        attested = await world.post(merge.attester.headers, f"/v1/orders/{answer.json()['order_id']}/attest")
        assert attested.json()["status"] == "attested"
    else:
        assert code(answer) == (403, "customer-merged")
        assert found == [merge.number]
