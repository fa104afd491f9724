"""What each of the seven customer statuses allows and refuses, tried at every service that decides by it."""

from dataclasses import dataclass
from typing import Any

from demo.http_api import Answer
from demo.steps import Part, Step, expect
from demo.story.cast import Person
from demo.story.sessions import credentials
from demo.story.world import World
from demo.waiting import until

EVERYTHING = {
    "log_in",
    "see_catalogue",
    "see_prices",
    "build_cart",
    "submit_order",
    "be_ordered_for",
    "invite_members",
}
ALLOWED = {
    "none": set(),
    "not_invited": {"be_ordered_for"},
    "invited": {"be_ordered_for"},
    "pending_approval": set(),
    "registered": {"be_ordered_for"},
    "rejected": set(),
    "enabled": EVERYTHING,
    "disabled": set(),
}
"""As delivered; `none` is not one of the seven."""
THE_SEVEN = ALLOWED.keys() - {"none"}


@dataclass(frozen=True)
class Customer:
    company_id: str
    name: str
    person: Person
    """Who tries to sign in."""
    has_password: bool = True


async def wait_for_status(world: World, company_id: str, status: str) -> None:
    async def probe() -> bool | None:
        answer = await world.identity.call("GET", f"/companies/{company_id}/status", token=world.staff)
        return True if answer["status"] == status else None

    await until(f"status {status}", probe)


async def try_status(world: World, part: Part, customer: Customer, status: str) -> None:
    """One step: the status, its table row, a sign-in, and an order on its behalf as far as the priced cart."""
    what = f"finds {customer.name} {status}, and tries what that allows"
    async with part.step("staff", what, "identity") as step:
        await wait_for_status(world, customer.company_id, status)
        await _compare_table(world, step, customer, status)
        await _try_to_sign_in(world, customer, status)
        await _try_to_order_for(world, step, customer, status)
        world.statuses_seen.add(status)


async def _compare_table(world: World, step: Step, customer: Customer, status: str) -> None:
    answer = await world.identity.call("GET", f"/companies/{customer.company_id}/status", token=world.staff)
    allowed = set(answer["allowed"])
    expect(allowed == ALLOWED[status], f"{status} allows {sorted(allowed)}")
    step.note("allows " + (", ".join(sorted(allowed)) or "nothing"))


async def _try_to_sign_in(world: World, customer: Customer, status: str) -> None:
    body = credentials(customer.person, customer.company_id)
    if not customer.has_password:
        await world.identity.refused(401, "credentials-invalid", "POST", "/sessions", body=body)
    elif "log_in" in ALLOWED[status]:
        await world.identity.call("POST", "/sessions", body=body)
    else:
        await world.identity.refused(403, refusal_code(status), "POST", "/sessions", body=body)


async def _try_to_order_for(world: World, step: Step, customer: Customer, status: str) -> None:
    """Pricing learns the status from an event, so its answer is the right one within a moment."""
    body = cart_for(world, customer.company_id)

    async def priced() -> Answer | None:
        answer = await world.pricing.send("POST", "/priced-carts", token=world.staff, body=body)
        may = "be_ordered_for" in ALLOWED[status]
        return answer if (answer.status == 201) is may and (may or answer.code == refusal_code(status)) else None

    answer = await until(f"pricing knows that the company is {status}", priced)
    if answer.status != 201:
        step.refusals.append(f"{answer.status} {answer.code}")
    else:
        step.note("ordering on its behalf: priced")


def refusal_code(status: str) -> str:
    """The same in every service."""
    return f"customer-{status.replace('_', '-')}"


def cart_for(world: World, company_id: str | None = None, lines: int = 3) -> dict[str, Any]:
    """A small cart; `company_id` is named by staff only."""
    body: dict[str, Any] = {
        "currency": world.assortment.currency,
        "lines": [{"article": line.article, "quantity": str(line.quantity)} for line in world.assortment.cart[:lines]],
    }
    return body | ({"company_id": company_id} if company_id else {})
