"""Part 6: the merchant suspends the company, and gives back what it had."""

import time
from collections.abc import Awaitable, Callable

from demo.http_api import Answer
from demo.steps import Part, expect
from demo.story.part3_people import People
from demo.story.sessions import credentials
from demo.story.statuses import Customer, cart_for, try_status
from demo.story.world import World
from demo.waiting import until

Request = Callable[[], Awaitable[Answer]]


async def suspend_and_reactivate(world: World, part: Part, people: People) -> None:
    company_id, name = people.buyer.company_id, world.cast.caterer.legal_name
    requests = await _requests(world, people)
    async with part.step("staff", f"suspends {name}", "identity") as step:
        path = f"/companies/{company_id}/suspend"
        await world.identity.call("POST", path, token=world.staff, body={"reason": "Unpaid invoices"})
        step.event("identity.company.status_changed", company_id, new="disabled")
    began = time.monotonic()
    for service, (what, request) in requests.items():
        async with part.step(people.administrator.person.name, what, service) as step:
            answer = await until(f"{service} refuses", _answers(request, 403))
            expect(answer.code == "customer-disabled", f"the reason is {answer.code}")
            step.refusals.append(f"{answer.status} {answer.code}")
            step.note(f"{(time.monotonic() - began) * 1000:.0f} ms after")
    await _nothing_else_works(world, part, people)
    await try_status(world, part, Customer(company_id, name, people.buyer.person), "disabled")
    async with part.step("mail", "tells the company", "notifications") as step:
        mail = await world.mailbox.mail(people.administrator.person.email, "company-suspended")
        step.mailed(mail)
    async with part.step("staff", f"reactivates {name}", "identity") as step:
        await world.identity.call("POST", f"/companies/{company_id}/reactivate", token=world.staff)
        step.event("identity.company.status_changed", company_id, old="disabled")
    await _all_works_again(world, part, people, requests)


async def _nothing_else_works(world: World, part: Part, people: People) -> None:
    async with part.step(people.administrator.person.name, "may not renew the session, nor invite anybody", "identity"):
        body = {"refresh_token": people.administrator.refresh_token}
        await world.identity.refused(403, "customer-disabled", "POST", "/sessions/refresh", body=body)
        path, token = f"/companies/{people.buyer.company_id}/invitations", people.administrator.token
        invitees = [{"name": "Noor", "email": world.cast.twin.first.email, "language": "nl"}]
        await world.identity.refused(
            403, "customer-disabled", "POST", path, token=token, body={"invitees": invitees, "role": "user"}
        )


async def _all_works_again(world: World, part: Part, people: People, requests: dict[str, tuple[str, Request]]) -> None:
    async with part.step(
        people.administrator.person.name, "renews the session, signs in, has a cart priced and orders again", "orders"
    ) as step:
        body = {"refresh_token": people.administrator.refresh_token}
        await world.identity.call("POST", "/sessions/refresh", body=body)
        for service in ("identity", "pricing"):
            _, request = requests[service]
            answer = await until(f"{service} lets the company in again", _answers(request, 201))
        order = {"signed": answer["signed"], "terms_accepted": True, "payment": "invoice"}
        token = people.administrator.token
        answer = await until(
            "orders lets the company in again",
            _answers(lambda: world.orders.send("POST", "/orders", token=token, body=order), 201),
        )
        step.event("orders.order.confirmed", answer["order_id"])
        step.note(answer["number"])


async def _requests(world: World, people: People) -> dict[str, tuple[str, Request]]:
    """A request per service. The session of before is still valid: each service decides by what it knows of the company."""
    token = people.administrator.token
    body = cart_for(world)
    unused = await world.pricing.call("POST", "/priced-carts", token=token, body=body)
    order = {"signed": unused["signed"], "terms_accepted": True, "payment": "provider"}
    login = credentials(people.administrator.person, people.administrator.company_id)
    return {
        "identity": ("may not sign in", lambda: world.identity.send("POST", "/sessions", body=login)),
        "pricing": (
            "may not have a cart priced",
            lambda: world.pricing.send("POST", "/priced-carts", token=token, body=body),
        ),
        "orders": ("may not order", lambda: world.orders.send("POST", "/orders", token=token, body=order)),
    }


def _answers(request: Request, status: int) -> Callable[[], Awaitable[Answer | None]]:
    """Asks, and gives the answer when it has this status."""

    async def probe() -> Answer | None:
        answer = await request()
        return answer if answer.status == status else None

    return probe
