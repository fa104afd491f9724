"""ID-14, OR-06: who decides on a waiting order, or wishes for it, may leave at any moment; it is with somebody, always."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from chassis import clock
from chassis.ids import new_id
from contracts.identity.states import LocationState
from contracts.identity.values import Permission
from contracts.orders.values import AskedOf, OrderStatus
from orders.attestation.commands import do_if_possible
from orders.orders.models import Order
from tests.orders.attestation.test_consumers import consumed
from tests.orders.attestation.test_decisions import place, waiting
from tests.orders.orders.test_overview import numbers
from tests.orders.world import Person, World, code
from tests.waiting import eventually


async def changed(world: World, who: Person, *permissions: Permission, **values: Any) -> None:
    ids: dict[str, Any] = {"member_id": who.member_id, "contact_id": who.contact_id}
    await world.member(who.company_id, *permissions, **ids, **values)


async def removed(world: World, who: Person) -> None:
    await changed(world, who, Permission.ATTEST_ORDERS, active=False)


async def asked(world: World, order_id: str) -> tuple[AskedOf | None, set[UUID]]:
    async with world.database.transaction() as session:
        order = await session.get_one(Order, UUID(order_id))
        return order.asked_of, set(order.asked)


@pytest.mark.parametrize("how", ["removed", "loses the permission", "acts for other locations"])
async def test_what_was_put_to_who_may_no_longer_is_with_the_remaining_attesters(world, how):
    buyer, leaving, order_id = await waiting(world)
    staying = await world.attester(buyer.company_id)
    if how == "removed":
        await removed(world, leaving)
    elif how == "loses the permission":
        await changed(world, leaving, Permission.BUY)
    else:
        await changed(world, leaving, Permission.ATTEST_ORDERS, locations={new_id()})
    assert await asked(world, order_id) == (AskedOf.ATTESTERS, {staying.contact_id})
    refused = await world.post(leaving.headers, f"/v1/orders/{order_id}/attest")
    assert refused.status_code == 403
    assert (await world.post(staying.headers, f"/v1/orders/{order_id}/attest")).json()["status"] == "attested"


async def test_without_attesters_it_is_with_the_administrators_and_without_those_with_the_merchant(world):
    """The line ends with the merchant, who is told of it, and whose silence ends with the order's expiry."""
    buyer, attester, order_id = await waiting(world)
    administrator = await world.member(buyer.company_id, administers=True)
    await removed(world, attester)
    assert await asked(world, order_id) == (AskedOf.ADMINISTRATORS, {administrator.contact_id})
    await changed(world, administrator, active=False)
    assert await asked(world, order_id) == (AskedOf.MERCHANT, set())
    async with world.database.transaction() as session:
        due = clock.now() + timedelta(days=30)
        order = await do_if_possible(session, UUID(order_id), lambda one: one.expire(one.expires_at, due))
        assert order.status is OrderStatus.EXPIRED
    assert await world.used(buyer.company_id) == "0.00"


async def test_an_order_for_a_location_is_not_handed_to_who_acts_for_another(world):
    company = await world.company()
    north, south = new_id(), new_id()
    for location in (north, south):
        state = LocationState(location_id=location, company_id=company, code=f"l-{location.hex[:6]}", active=True)
        await world.publish(str(location), state)
    here = await world.attester(company, locations={north})
    await world.attester(company, locations={south})
    administrator = await world.member(company, administers=True)
    buyer = await world.buyer(company, always_attested=True, locations={north})
    order_id = (await world.submit(buyer)).json()["order_id"]
    assert await asked(world, order_id) == (AskedOf.ATTESTERS, {here.contact_id})
    await changed(world, here, Permission.ATTEST_ORDERS, locations={south})
    assert await asked(world, order_id) == (AskedOf.ADMINISTRATORS, {administrator.contact_id})


async def test_an_order_whose_buyer_was_removed_is_decided_or_taken_back_by_the_others(world):
    buyer, attester, order_id = await waiting(world)
    other = (await world.submit(buyer)).json()["order_id"]
    administrator = await world.member(buyer.company_id, administers=True)
    await changed(world, buyer, Permission.BUY, active=False)
    assert code(await world.post(buyer.headers, f"/v1/orders/{order_id}/withdraw")) == (403, "member-inactive")
    assert len(await numbers(world, administrator.headers, "?status=awaiting_attestation")) == 2
    assert len(await numbers(world, attester.headers, "?status=awaiting_attestation")) == 2
    withdrawn = await world.post(administrator.headers, f"/v1/orders/{order_id}/withdraw")
    assert withdrawn.json()["status"] == "withdrawn"
    assert code(await world.post(attester.headers, f"/v1/orders/{other}/withdraw")) == (403, "order-not-yours")
    assert (await world.post(attester.headers, f"/v1/orders/{other}/attest")).json()["status"] == "attested"
    assert (await place(world, other)).status is OrderStatus.REFUSED, "unless policy places it: `submitter_left`"


async def test_who_left_while_the_order_was_submitted_is_not_the_only_one_asked(world):
    """The change of members was committed before the order could be seen; whoever starts its process looks once more."""
    buyer, leaving, order_id = await waiting(world)
    staying = await world.member(buyer.company_id, administers=True)
    async with world.database.engine.begin() as connection:
        await connection.execute(
            text("UPDATE buyer_members SET active = false WHERE key = :key"), {"key": str(leaving.member_id)}
        )
    await consumed(world)
    assert await asked(world, order_id) == (AskedOf.ADMINISTRATORS, {staying.contact_id})


async def test_a_change_of_members_that_is_under_way_is_waited_for(world):
    buyer, leaving, order_id = await waiting(world)
    staying = await world.member(buyer.company_id, administers=True)
    async with world.database.engine.connect() as changing:
        await changing.execute(
            text("UPDATE buyer_members SET active = false WHERE key = :key"), {"key": str(leaving.member_id)}
        )
        starting = asyncio.create_task(consumed(world))
        await eventually(lambda: _somebody_waits(world), what="the start of the process waits for the change")
        await changing.commit()
    await starting
    assert await asked(world, order_id) == (AskedOf.ADMINISTRATORS, {staying.contact_id})


async def _somebody_waits(world: World) -> bool:
    async with world.database.reading() as connection:
        waits = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(await connection.scalar(waits))
