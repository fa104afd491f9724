"""A company that buys: made by the merchant, with an administrator, a buyer who must be attested and an attester."""

from dataclasses import dataclass
from typing import Any

from demo.http_api import Answer
from demo.story.cast import Firm, Person
from demo.story.part1_shop import WEBSHOP
from demo.story.part5_orders import Order, order_body, wait_for_order
from demo.story.sessions import Member, sign_in
from demo.story.statuses import cart_for, wait_for_status
from demo.story.world import World

from tests.waiting import eventually


@dataclass(frozen=True)
class Company:
    company_id: str
    administrator: Member
    buyer: Member
    attester: Member


async def accept_invitation(world: World, person: Person) -> dict[str, Any]:
    """By the link that really arrived; his membership."""
    mail = await world.mailbox.mail(person.email, "invitation")
    path = f"/invitation-links/{mail.token('invitation')}/accept"
    return (await world.identity.call("POST", path, body={"password": person.password})).body


async def invite(world: World, company_id: str, token: str, person: Person, **terms: Any) -> str:
    """The invitation's id."""
    invitee = {"name": person.name, "email": person.email, "language": person.language}
    path = f"/companies/{company_id}/invitations"
    answer = await world.identity.call("POST", path, token=token, body={"invitees": [invitee], **terms})
    return answer["outcomes"][0]["invitation_id"]


async def join(world: World, administrator: Member, person: Person, **terms: Any) -> Member:
    """Invited by the administrator, and signed in."""
    await invite(world, administrator.company_id, administrator.token, person, **terms)
    await accept_invitation(world, person)
    return await sign_in(world, person, administrator.company_id)


async def enabled_company(world: World, firm: Firm, *, pays_by_invoice: bool = True, **terms: Any) -> Member:
    """Its first administrator.

    Args:
        terms: of the administrator.
    """
    first = firm.first
    body = {
        **firm.record(),
        "language": firm.language,
        "storefront": WEBSHOP,
        "with_account_access": True,
        "pays_by_invoice": pays_by_invoice,
        "contact": {"name": first.name, "email": first.email, "language": first.language},
    }
    company_id = (await world.identity.call("POST", "/companies", token=world.staff, body=body))["company_id"]
    given = {"assignee_kind": "company", "assignee": company_id, "price_list": world.lists.wholesale}
    await world.pricing.call("POST", "/terms", token=world.staff, body=given)
    await invite(world, company_id, world.staff, first, role="administrator", first_administrator=True, **terms)
    await accept_invitation(world, first)
    await wait_for_status(world, company_id, "enabled")
    return await sign_in(world, first, company_id)


async def company_that_buys(world: World) -> Company:
    administrator = await enabled_company(world, world.cast.caterer)
    _, buyer, attester, *_ = world.cast.caterer.people
    permissions = ["buy", "see_prices", "see_own_orders", "see_all_orders", "attest_orders"]
    return Company(
        administrator.company_id,
        administrator,
        await join(world, administrator, buyer, role="user", always_attested=True),
        await join(world, administrator, attester, role="employee", permissions=permissions),
    )


async def priced(world: World, by: Member, lines: int = 3) -> Answer:
    """A signed cart, as soon as pricing knows the member and what it may."""

    async def probe():
        answer = await world.pricing.send("POST", "/priced-carts", token=by.token, body=cart_for(world, lines=lines))
        return answer if answer.status == 201 else None

    return await eventually(probe, what=f"a cart for {by.person.name}")


async def order(world: World, by: Member, payment: str = "provider") -> Order:
    cart = await priced(world, by)
    answer = await world.orders.call("POST", "/orders", token=by.token, body=order_body(cart["signed"], payment))
    return Order(answer["order_id"], answer["number"])


async def attest_when_asked(world: World, attester: Member, it: Order, *, ends: str = "placed") -> None:
    """The attester's mail about this order, his yes, and what becomes of it."""

    await world.mailbox.mail(attester.person.email, "attestation-requested", about=it.number)
    await world.orders.call("POST", f"{it.path}/attest", token=attester.token)
    await wait_for_order(world, it, ends)
