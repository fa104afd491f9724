"""Part 5: a cart of forty lines; orders that are attested, declined, left to expire, and placed at once."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from demo.http_api import Answer
from demo.steps import Part, Step, expect
from demo.story.cast import MERCHANT_MAILBOX
from demo.story.part1_shop import GENEROUS_ATTESTATION, GROUP, VAT_RATES, WEBSHOP
from demo.story.part3_people import People
from demo.story.sessions import Member
from demo.story.statuses import cart_for
from demo.story.world import World
from demo.waiting import until

SHORT_ATTESTATION = {"remind_after": 3.5, "escalate_after": 7, "merchant_after": 10.5, "expire_after": 14}
CENT = Decimal("0.01")
REASON = "The budget of this month is spent."


@dataclass(frozen=True)
class Order:
    order_id: str
    number: str

    @property
    def process(self) -> str:
        return f"order-attestation/{self.number}"

    @property
    def path(self) -> str:
        return f"/orders/{self.order_id}"


async def attested_order(world: World, part: Part, people: People) -> None:
    """From a cart of forty lines to a confirmed order, on a project."""
    project_id = await _project(world, part, people.administrator)
    priced = await _price_forty_lines(world, part, people.buyer)
    await _forgeries(world, part, people, priced["signed"])
    order = await _submit_with_references(world, part, people.buyer, priced, project_id)
    await _nobody_attests_his_own(world, part, people, order)
    await _operator_looks(world, part, order)
    async with part.step(
        people.attester.person.name, "finds the mail, checks the order and approves it", "orders"
    ) as step:
        to = people.attester.person.email
        step.mailed(await world.mailbox.mail(to, "attestation-requested", about=order.number))
        detail = await world.orders.call("GET", order.path, token=people.attester.token)
        you = detail["attestation"]["you"]
        expect(you["may_decide"] is True, f"you: {you}")
        await world.orders.call("POST", f"{order.path}/attest", token=people.attester.token)
        step.event("orders.order.attested", order.order_id)
    async with part.step("order attestation", "places the order and tells the buyer", "orders") as step:
        await wait_for_order(world, order, "placed")
        step.event("orders.order.placed", order.order_id)
        step.workflow(order.process)
        step.mailed(await world.mailbox.mail(people.buyer.person.email, "order-placed", about=order.number))
    await _confirm(world, part, order, project_id)


async def _project(world: World, part: Part, administrator: Member) -> str:
    """Its id."""
    async with part.step(administrator.person.name, "opens a project that orders can be booked on", "identity") as step:
        path = f"/companies/{administrator.company_id}/projects"
        body = {"code": "summer-party", "name": "Zomerfeest Havenbedrijf"}
        answer = await world.identity.call("POST", path, token=administrator.token, body=body)
        step.event("identity.project.opened", answer["project_id"])
        step.note("summer-party")
    return str(answer["project_id"])


async def _price_forty_lines(world: World, part: Part, buyer: Member) -> Answer:
    lines = len(world.assortment.cart)
    async with part.step(
        buyer.person.name, f"has a cart of {lines} lines priced, each price explained", "pricing"
    ) as step:
        priced = await world.pricing.call(
            "POST", "/priced-carts", token=buyer.token, body=cart_for(world, lines=lines) | {"language": "nl"}
        )
        _compare_with_own_sums(world, priced["cart"], step)
        step.note(f"in {priced.seconds * 1000:.0f} ms")
    return priced


def _compare_with_own_sums(world: World, cart: dict[str, Any], step: Step) -> None:
    """Every price, explanation, line total and VAT amount against what the merchant's files say."""
    assortment = world.assortment
    expect(len(cart["lines"]) == len(assortment.cart), f"{len(cart['lines'])} lines came back")
    classes = {article.code: article.vat_class for article in assortment.articles}
    nets: dict[Decimal, Decimal] = {}
    levels: set[str] = set()
    tiers: set[Decimal] = set()
    for wanted, line in zip(assortment.cart, cart["lines"], strict=True):
        level, tier = assortment.price(wanted.article, wanted.quantity)
        why, rate = line["explanation"], Decimal(VAT_RATES["NL"][classes[wanted.article]])
        found = (why["level"], Decimal(why["tier_from"]), Decimal(line["unit_price"]), Decimal(line["net"]))
        expected = (level, Decimal(tier.from_quantity), tier.price, assortment.net(wanted))
        expect(found == expected, f"{wanted}: level, tier, price and net are {found}, not {expected}")
        expect((Decimal(line["vat_rate"]), why["vat_rule"]) == (rate, "domestic"), f"{wanted}: VAT {line['vat_rate']}")
        expect(level != "group" or why["group"] == GROUP, f"{wanted}: group {why['group']}")
        nets[rate] = nets.get(rate, Decimal(0)) + assortment.net(wanted)
        levels.add(level)
        tiers.add(found[1])
    vat = sum(((net * rate / 100).quantize(CENT, ROUND_HALF_UP) for rate, net in nets.items()), Decimal(0))
    sums = (Decimal(cart["net"]), Decimal(cart["vat"]), Decimal(cart["total"]))
    net = sum(nets.values(), Decimal(0))
    expect(sums == (net, vat, net + vat), f"net, VAT and total are {sums}, not {(net, vat, net + vat)}")
    step.note(f"{cart['total']} {cart['currency']}; lists: {', '.join(sorted(levels))}; {len(tiers)} tiers")


async def _forgeries(world: World, part: Part, people: People, signed: str) -> None:
    async with part.step(people.buyer.person.name, "gets nowhere with a forged cart, or with another's", "orders"):
        head, body, signature = signed.split(".")
        forged = f"{head}.{body[:-8]}{'A' * 8}.{signature}"
        order = order_body(forged, "provider")
        await world.orders.refused(422, "priced-cart-forged", "POST", "/orders", token=people.buyer.token, body=order)
        other = order_body(signed, "provider")
        await world.orders.refused(
            403, "priced-cart-not-yours", "POST", "/orders", token=people.attester.token, body=other
        )
        no_terms = {**other, "terms_accepted": False}
        await world.orders.refused(
            422, "terms-not-accepted", "POST", "/orders", token=people.buyer.token, body=no_terms
        )


def order_body(signed: str, payment: str) -> dict[str, Any]:
    return {"signed": signed, "terms_accepted": True, "payment": payment}


async def _submit_with_references(world: World, part: Part, buyer: Member, priced: Answer, project_id: str) -> Order:
    async with part.step(
        buyer.person.name,
        "submits it on the project, with line references, order reference and cost centre; it waits",
        "orders",
    ) as step:
        body = order_body(priced["signed"], "provider") | {
            "order_reference": "Company party 12 June",
            "cost_centre": "EVENTS-04",
            "project_id": project_id,
            "line_references": {"1": "table 1 to 8", "2": "spare", "40": "kitchen"},
        }
        order = await submit(world, step, buyer, body, expected="awaiting_attestation")
        step.event("orders.order.attestation_requested", order.order_id)
        step.workflow(order.process)
    return order


async def submit(world: World, step: Step, by: Member, body: dict[str, Any], *, expected: str) -> Order:
    async def known() -> Answer | None:
        answer = await world.orders.send("POST", "/orders", token=by.token, body=body)
        return None if answer.code == "project-unknown" else answer

    answer = await until("orders has heard of the project", known)
    expect(answer["status"] == expected, f"the order is {answer['status']} {answer.code}")
    step.event("orders.order.submitted", answer["order_id"])
    step.note(answer["number"])
    return Order(answer["order_id"], answer["number"])


async def _nobody_attests_his_own(world: World, part: Part, people: People, order: Order) -> None:
    async with part.step(
        people.buyer.person.name, "sees why it waits, and may not attest it himself", "orders"
    ) as step:
        detail = await world.orders.call("GET", order.path, token=people.buyer.token)
        attestation = detail["attestation"]
        expect(attestation["rule"] == "member-always", f"the rule is {attestation['rule']}")
        you = attestation["you"]
        expect(you["may_decide"] is False, f"you: {you}")
        await world.orders.refused(
            403, "order-own-attestation", "POST", f"{order.path}/attest", token=people.buyer.token
        )
        step.note(f"rule {attestation['rule']}; you: {you['reason']}")


async def _operator_looks(world: World, part: Part, order: Order) -> None:
    async with part.step("operator", "reads in Temporal what the order waits for", "temporal") as step:
        details = await world.processes.details(order.process)
        expect("wait" in details.lower(), f"the details are {details!r}")
        step.note(f"“{details}”")


async def wait_for_order(world: World, order: Order, *statuses: str) -> Answer:
    async def probe() -> Answer | None:
        answer = await world.orders.call("GET", order.path, token=world.staff)
        return answer if answer["status"] in statuses else None

    return await until(f"order {order.number} {' or '.join(statuses)}", probe)


async def _confirm(world: World, part: Part, order: Order, project_id: str) -> None:
    async with part.step("staff", "sees project, references and payment choice, and confirms", "orders") as step:
        detail = await world.orders.call("GET", order.path, token=world.staff)
        references = [line.get("reference") for line in detail["order_lines"]]
        expect("table 1 to 8" in references, f"line references are {[one for one in references if one]}")
        seen = (detail["order_reference"], detail["cost_centre"], detail["payment"])
        expect(seen == ("Company party 12 June", "EVENTS-04", "provider"), f"references are {seen}")
        of_project = await world.orders.call("GET", "/orders", token=world.staff, query={"project_id": project_id})
        expect([one["order_id"] for one in of_project["items"]] == [order.order_id], "it is not listed for its project")
        step.note("paid by provider, not by invoice")
        await world.orders.call("POST", f"{order.path}/confirm", token=world.staff)
        step.event("orders.order.confirmed", order.order_id)


async def small_order(world: World, step: Step, buyer: Member, lines: int) -> Order:
    body = cart_for(world, lines=lines)
    priced = await world.pricing.call("POST", "/priced-carts", token=buyer.token, body=body)
    order = await submit(world, step, buyer, order_body(priced["signed"], "provider"), expected="awaiting_attestation")
    step.workflow(order.process)
    return order


async def declined_order(world: World, part: Part, people: People) -> None:
    async with part.step(people.buyer.person.name, "submits a second order", "orders") as step:
        order = await small_order(world, step, people.buyer, 5)
    async with part.step(
        people.attester.person.name, "declines it with a reason; without one it is refused", "orders"
    ) as step:
        await world.orders.refused(
            422, "invalid-request", "POST", f"{order.path}/decline", token=people.attester.token, body={}
        )
        body = {"reason": REASON}
        await world.orders.call("POST", f"{order.path}/decline", token=people.attester.token, body=body)
        step.event("orders.order.declined", order.order_id)
    async with part.step("order attestation", "tells the buyer", "notifications") as step:
        step.mailed(await world.mailbox.mail(people.buyer.person.email, "order-declined", about=order.number))
        detail = await world.orders.call("GET", order.path, token=people.buyer.token)
        expect(detail["attestation"]["comment"] == REASON, f"the buyer reads {detail['attestation']['comment']!r}")
        await world.orders.refused(
            409, "order-not-awaiting-attestation", "POST", f"{order.path}/attest", token=people.attester.token
        )


async def submit_expiring_order(world: World, part: Part, people: People) -> Order:
    """Not beside another order of this storefront, which would get the short deadlines."""
    async with (
        part.step(people.buyer.person.name, "submits a third order, which nobody looks at", "orders") as step,
        world.deadlines(world.orders, "attestation", world.short(SHORT_ATTESTATION), GENEROUS_ATTESTATION, WEBSHOP),
    ):
        return await small_order(world, step, people.buyer, 4)


async def order_expires(world: World, part: Part, people: People, order: Order) -> None:
    """Nobody decides: attesters are reminded, then the administrators asked, then the merchant; then it expires."""
    attester, administrator = people.attester.person.email, people.administrator.person.email
    chain: tuple[tuple[str, str, str, str, dict[str, str]], ...] = (
        ("reminds the attester", attester, "attestation-reminder", "attestation_reminded", {}),
        (
            "escalates to the administrators",
            administrator,
            "attestation-escalated",
            "attesters_asked",
            {"asked_of": "administrators"},
        ),
        (
            "escalates to the merchant",
            MERCHANT_MAILBOX,
            "attestation-escalated-merchant",
            "attesters_asked",
            {"asked_of": "merchant"},
        ),
        ("lets it expire and tells the buyer", people.buyer.person.email, "order-expired", "expired", {}),
    )
    for what, to, template, event, facts in chain:
        async with part.step("order attestation", what, "notifications") as step:
            step.mailed(await world.mailbox.mail(to, template, about=order.number))
            step.event(f"orders.order.{event}", order.order_id, **facts)
    async with part.step(people.attester.person.name, "comes too late", "orders") as step:
        step.workflow(order.process)
        await wait_for_order(world, order, "expired")
        await world.orders.refused(
            409, "order-not-awaiting-attestation", "POST", f"{order.path}/attest", token=people.attester.token
        )


async def invoice_order(world: World, part: Part, people: People) -> None:
    """The administrator's own order needs no attestation."""
    person = people.administrator.person
    async with part.step(person.name, "orders by invoice: placed and confirmed at once", "orders") as step:
        body = cart_for(world, lines=6)
        priced = await world.pricing.call("POST", "/priced-carts", token=people.administrator.token, body=body)
        order = await submit(
            world, step, people.administrator, order_body(priced["signed"], "invoice"), expected="confirmed"
        )
        step.event("orders.order.confirmed", order.order_id)


async def list_of_a_contact(world: World, part: Part, people: People) -> None:
    """The administrator, and nobody else of his company, gets the list of the group as his own."""
    person, lists = people.administrator.person, world.lists
    async with part.step("staff", f"gives {person.name} a price list of his own; his prices say so", "pricing") as step:
        me = await world.identity.call("GET", "/me", token=people.administrator.token)
        contact_id = me["member"]["contact_id"]
        body = {"assignee_kind": "contact", "assignee": contact_id, "price_list": lists.group}
        await world.pricing.call("POST", "/terms", token=world.staff, body=body)
        step.event("pricing.terms.given", f"contact/{contact_id}")
        article, (tier, *_) = next(iter(world.assortment.group.items()))
        body = {"articles": [article], "quantity": str(tier.from_quantity), "currency": world.assortment.currency}
        for member, is_his in ((people.administrator, True), (people.buyer, False)):
            answer = await world.pricing.call("POST", "/prices", token=member.token, body=body)
            why = answer["items"][0]["explanation"]
            expect((why["level"] == "contact") is is_his, f"{member.person.name}: the level is {why['level']}")
            expect(not is_his or Decimal(answer["items"][0]["unit_price"]) == tier.price, f"{article}: {answer.body}")
        step.note(f"level contact, list {lists.group}")


async def overview(world: World, part: Part, people: People) -> None:
    async with part.step(people.buyer.person.name, "sees his own orders; the administrator sees all", "orders") as step:
        own = await _listed(world, people.buyer, "own")
        company = await _listed(world, people.administrator, "company")
        expect(len(own) == 4 and len(company) == 5, f"{len(own)} own orders, {len(company)} of the company")
        refused = await world.orders.send("GET", "/orders", token=people.buyer.token, query={"scope": "company"})
        if refused.status == 403:
            step.refusals.append(f"{refused.status} {refused.code}")
        seen = [item["order_id"] for item in refused.body.get("items", ())]
        expect(set(seen) <= set(own), "the buyer sees the orders of others")


async def _listed(world: World, member: Member, scope: str) -> list[str]:
    page = await world.orders.call("GET", "/orders", token=member.token, query={"scope": scope})
    return [item["order_id"] for item in page["items"]]
