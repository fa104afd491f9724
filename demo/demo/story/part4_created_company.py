"""Part 4: the merchant creates a company itself, which walks from `none` to `enabled`."""

from decimal import Decimal
from typing import Any

from demo.steps import Part, expect
from demo.story.part1_shop import COUNTER
from demo.story.part3_people import accept
from demo.story.statuses import THE_SEVEN, Customer, cart_for, try_status
from demo.story.world import World


async def create_company(world: World, part: Part) -> tuple[str, str]:
    """Its id and customer number."""
    firm = world.cast.nordic
    person = firm.first
    async with part.step("staff", f"creates {firm.legal_name}; its contact is mailed", "identity") as step:
        body = {
            **firm.record(),
            "language": firm.language,
            "storefront": COUNTER,
            "with_account_access": True,
            "customer_number": f"N-{world.run.upper()}",
            "contact": {"name": person.name, "email": person.email, "language": person.language},
        }
        answer = await world.identity.call("POST", "/companies", token=world.staff, body=body)
        step.event("identity.company.created", answer["company_id"])
        mail = await world.mailbox.mail(person.email, "company-created")
        step.mailed(mail)
        expect(mail.language == "sv", f"the mail is in {mail.language!r}")
    return answer["company_id"], answer["number"]


async def walk_to_enabled(world: World, part: Part, company_id: str) -> None:
    """Needs the price lists."""
    firm = world.cast.nordic
    customer = Customer(company_id, firm.legal_name, firm.first, has_password=False)
    await try_status(world, part, customer, "none")
    async with part.step("staff", "gives it its first price list", "pricing") as step:
        body = {"assignee_kind": "company", "assignee": company_id, "price_list": world.lists.wholesale}
        await world.pricing.call("POST", "/terms", token=world.staff, body=body)
        step.event("pricing.terms.given", f"company/{company_id}")
    await try_status(world, part, customer, "not_invited")
    await _order_on_behalf(world, part, company_id)
    async with part.step("staff", "invites its first administrator", "identity") as step:
        person = firm.first
        invitation: dict[str, Any] = {
            "invitees": [{"name": person.name, "email": person.email, "language": person.language}],
            "role": "administrator",
            "first_administrator": True,
        }
        path = f"/companies/{company_id}/invitations"
        answer = await world.identity.call("POST", path, token=world.staff, body=invitation)
        invitation_id = answer["outcomes"][0]["invitation_id"]
        step.event("identity.invitation.issued", invitation_id)
        step.workflow(f"invitation/{invitation_id}")
    await try_status(world, part, customer, "invited")
    await accept(world, part, firm.first, company_name=firm.legal_name)
    await try_status(world, part, Customer(company_id, firm.legal_name, firm.first), "enabled")


async def _order_on_behalf(world: World, part: Part, company_id: str) -> None:
    async with part.step("staff", "orders on its behalf, with VAT reversed inside the EU", "orders") as step:
        body = cart_for(world, company_id)
        priced = await world.pricing.call("POST", "/priced-carts", token=world.staff, body=body)
        cart = priced["cart"]
        rules = {line["explanation"]["vat_rule"] for line in cart["lines"]}
        expect(rules == {"reverse-charge"} and Decimal(cart["vat"]) == 0, f"VAT is {cart['vat']} by {rules}")
        order = {"signed": priced["signed"], "terms_accepted": True, "payment": "provider"}
        placed = await world.orders.call("POST", "/orders", token=world.staff, body=order)
        expect(placed["status"] == "placed", f"the order is {placed['status']}")
        step.event("orders.order.placed", placed["order_id"])
        step.note(f"{placed['number']}, {cart['total']} {cart['currency']}")
        await world.orders.refused(409, "priced-cart-used", "POST", "/orders", token=world.staff, body=order)


async def all_seven_were_seen(world: World, part: Part) -> None:
    async with part.step("staff", "has seen each of the seven statuses", "identity") as step:
        missing = THE_SEVEN - world.statuses_seen
        expect(not missing, f"never seen: {', '.join(sorted(missing))}")
        step.note(", ".join(sorted(THE_SEVEN)))
