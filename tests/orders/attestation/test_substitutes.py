"""ID-14, OR-04: while an attester is away another decides for him, which the order says; it is over by itself."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis import clock
from chassis.ids import new_id
from contracts.identity.states import LocationState, Substitution
from contracts.identity.values import Permission
from contracts.orders.values import AskedOf
from orders.attestation.commands import EscalateAttestation, escalate_attestation
from orders.orders.models import Order
from tests.orders.attestation.test_handing_over import asked, changed
from tests.orders.orders.test_overview import numbers
from tests.orders.world import Person, World, code

DAY = timedelta(days=1)


class Two:
    """Attesters of two locations, and an order for the first one."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def begin(self) -> "Two":
        world = self.world
        self.company, self.north, self.south = await world.company(), new_id(), new_id()
        for location in (self.north, self.south):
            state = LocationState(location_id=location, company_id=self.company, code=f"l-{location.hex}", active=True)
            await world.publish(str(location), state)
        self.away = await world.attester(self.company, locations={self.north})
        self.other = await world.attester(self.company, locations={self.south})
        self.buyer = await world.buyer(self.company, always_attested=True, locations={self.north})
        answer = (await world.submit(self.buyer)).json()
        self.order_id, self.number = answer["order_id"], answer["number"]
        return self

    async def stand_in(self, who: Person, of: Person, since=-DAY, until=DAY, **values: Any) -> None:
        now = clock.now()
        substitution = Substitution(substitute_id=who.member_id, since=now + since, until=now + until)
        await changed(self.world, of, Permission.ATTEST_ORDERS, substitution=substitution, **values)

    async def attest(self, who: Person) -> Any:
        return await self.world.post(who.headers, f"/v1/orders/{self.order_id}/attest")

    async def attestation(self) -> dict[str, Any]:
        read = await self.world.http.get(f"/v1/orders/{self.order_id}", headers=self.world.staff)
        return read.json()["attestation"]


@pytest.fixture
async def two(world: World) -> Two:
    return await Two(world).begin()


async def test_the_substitute_is_asked_as_well_sees_it_and_decides_for_who_is_away(world, two):
    assert code(await two.attest(two.other)) == (403, "location-not-yours")
    assert await numbers(world, two.other.headers) == []
    await two.stand_in(two.other, two.away, locations={two.north})
    assert await asked(world, two.order_id) == (AskedOf.ATTESTERS, {two.away.contact_id, two.other.contact_id})
    assert await numbers(world, two.other.headers) == [two.number]
    seen = (await world.http.get(f"/v1/orders/{two.order_id}", headers=two.other.headers)).json()["attestation"]
    assert seen["you"]["may_decide"]
    assert set(seen["may_decide"]) == {str(two.away.member_id), str(two.other.member_id)}
    assert (await two.attest(two.other)).json()["status"] == "attested"
    decided = await two.attestation()
    assert (decided["decided_by"], decided["decided_for"]) == (str(two.other.member_id), str(two.away.member_id))


async def test_who_is_away_may_still_decide_and_does_so_in_his_own_right(two):
    await two.stand_in(two.other, two.away, locations={two.north})
    assert (await two.attest(two.away)).json()["status"] == "attested"
    decided = await two.attestation()
    assert (decided["decided_by"], decided["decided_for"]) == (str(two.away.member_id), None)


@pytest.mark.parametrize(("since", "until"), [(-2 * DAY, -DAY), (DAY, 2 * DAY)])
async def test_before_and_after_its_time_it_gives_nothing(world, two, since, until):
    await two.stand_in(two.other, two.away, since, until, locations={two.north})
    assert code(await two.attest(two.other)) == (403, "location-not-yours")
    assert await asked(world, two.order_id) == (AskedOf.ATTESTERS, {two.away.contact_id})
    assert await numbers(world, two.other.headers) == []


async def test_it_is_not_passed_on(two):
    third = await two.world.attester(two.company, locations={two.south})
    await two.stand_in(two.other, two.away, locations={two.north})
    await two.stand_in(third, two.other, locations={two.south})
    assert code(await two.attest(third)) == (403, "location-not-yours")


async def test_nobody_attests_his_own_order_through_it(world, two):
    """Neither as the substitute of an attester, nor by a substitute of his own for what he could not decide himself."""
    await changed(
        world, two.buyer, Permission.BUY, Permission.ATTEST_ORDERS, always_attested=True, locations={two.north}
    )
    await two.stand_in(two.buyer, two.away, locations={two.north})
    assert code(await two.attest(two.buyer)) == (403, "order-own-attestation")
    now = clock.now()
    own = Substitution(substitute_id=two.other.member_id, since=now - DAY, until=now + DAY)
    await changed(world, two.buyer, Permission.BUY, Permission.ATTEST_ORDERS, locations={two.north}, substitution=own)
    assert code(await two.attest(two.other)) == (403, "location-not-yours")


async def test_a_substitute_or_an_absent_who_lost_his_right_gives_and_has_none(world, two):
    await two.stand_in(two.other, two.away, locations={two.north})
    await changed(world, two.other, Permission.BUY, locations={two.south})
    assert code(await two.attest(two.other)) == (403, "member-may-not-attest")
    await changed(world, two.other, Permission.ATTEST_ORDERS, locations={two.south})
    await two.stand_in(two.other, two.away, locations={two.north}, active=False)
    assert code(await two.attest(two.other)) == (403, "location-not-yours")


async def test_what_has_come_to_the_administrators_is_with_the_substitute_of_one_that_is_away(world):
    """He might decide in his own right anyway; asked there he is for the administrator, and that is what the order says."""
    company = await world.company()
    buyer = await world.buyer(company, always_attested=True)
    attester = await world.attester(company)
    order_id = (await world.submit(buyer)).json()["order_id"]
    away = await world.member(company, administers=True)
    now = clock.now()
    named = Substitution(substitute_id=attester.member_id, since=now - DAY, until=now + DAY)
    await changed(world, away, administers=True, substitution=named)
    async with world.database.transaction() as session:
        order = await session.get_one(Order, UUID(order_id))
        await escalate_attestation(session, EscalateAttestation(order.id, order.step, order.escalate_at, clock.now()))
    assert await asked(world, order_id) == (AskedOf.ADMINISTRATORS, {away.contact_id, attester.contact_id})
    assert (await world.post(attester.headers, f"/v1/orders/{order_id}/attest")).json()["status"] == "attested"
    read = await world.http.get(f"/v1/orders/{order_id}", headers=world.staff)
    assert read.json()["attestation"]["decided_for"] == str(away.member_id)
