"""Part 5, aside: an attester is away, and who acts for another location alone decides in her place."""

from datetime import UTC, datetime, timedelta

from demo.steps import Part, Step, expect
from demo.story.part1_shop import PURCHASING_LEAD
from demo.story.part3_people import People, accept, invite
from demo.story.part5_orders import small_order, wait_for_order
from demo.story.sessions import Member, sign_in
from demo.story.world import World

WEEK = timedelta(days=7)


async def substituted_order(world: World, part: Part, people: People) -> None:
    substitute = await _lead_of_a_location(world, part, people.administrator)
    async with part.step(people.buyer.person.name, "submits an order for the company as a whole", "orders") as step:
        order = await small_order(world, step, people.buyer, 3)
    async with part.step(substitute.person.name, "attests orders of his location only, so not this one", "orders"):
        path = f"{order.path}/attest"
        await world.orders.refused(403, "location-not-yours", "POST", path, token=substitute.token)
    async with part.step(
        people.attester.person.name, "will be away, and names a substitute for a week", "identity"
    ) as step:
        await _name_substitute(world, step, people.attester, substitute)
    async with part.step(
        substitute.person.name, "is asked now, and approves it in the place of who is away", "orders"
    ) as step:
        step.mailed(await world.mailbox.mail(substitute.person.email, "attestation-requested", about=order.number))
        await world.orders.call("POST", path, token=substitute.token)
        step.event("orders.order.attested", order.order_id, attested_for=people.attester.member_id)
    async with part.step(
        "order attestation", "places it; the order says in whose place it was approved", "orders"
    ) as step:
        answer = await wait_for_order(world, order, "placed")
        decided = answer["attestation"]
        who = (decided["decided_by"], decided["decided_for"])
        expect(who == (substitute.member_id, people.attester.member_id), f"decided by and for {who}")
        step.event("orders.order.placed", order.order_id)
        step.workflow(order.process)
    async with part.step(people.attester.person.name, "is back", "identity"):
        path = f"/members/{people.attester.member_id}/substitution"
        await world.identity.call("DELETE", path, token=people.attester.token)


async def _lead_of_a_location(world: World, part: Part, administrator: Member) -> Member:
    person, firm = world.cast.caterer.people[6], world.cast.caterer
    async with part.step(
        administrator.person.name, f"opens a location, and invites {person.name} for it alone", "identity"
    ) as step:
        body = {"code": "kitchen", "name": "Centrale keuken", "address": firm.record()["addresses"][0]["address"]}
        path = f"/companies/{administrator.company_id}/locations"
        location = await world.identity.call("POST", path, token=administrator.token, body=body)
        step.event("identity.location.opened", location["location_id"])
        await invite(world, step, administrator, [person], role=PURCHASING_LEAD, locations=[location["location_id"]])
    await accept(world, part, person, company_name=firm.legal_name)
    return await sign_in(world, person, administrator.company_id)


async def _name_substitute(world: World, step: Step, absent: Member, substitute: Member) -> None:
    now = datetime.now(UTC)
    body = {
        "substitute_id": substitute.member_id,
        "since": now.isoformat(),
        "until": (now + WEEK).isoformat(),
    }
    await world.identity.call("PUT", f"/members/{absent.member_id}/substitution", token=absent.token, body=body)
    step.event("identity.member.changed", absent.member_id)
