"""Two companies, an article at a known price, and requests that are sent as they are, once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import httpx2
from demo.story.part5_orders import Order, order_body
from demo.story.sessions import Member
from demo.story.world import World

from local_stack import Stack
from tests.journeys.people import Company, company_that_buys, enabled_company
from tests.waiting import eventually

PRICE, TOTAL = "69.12", "83.64"
"""Of one piece, and of an order for it with 21 % VAT."""
PIECE = {"names": {"en": "A piece"}, "unit": "piece", "vat_class": "standard"}


@dataclass(frozen=True)
class Trade:
    stack: Stack
    world: World
    company: Company
    """Its buyer's orders must be attested; its administrator's need not."""
    stranger: Member
    """The sole administrator of another company, which does not pay by invoice; his orders must be attested."""
    article: str
    price_list: str
    """The company's own, with that article alone."""

    async def send(
        self, service: str, method: str, path: str, *, by: Member | str | None = None, body: Any = None, **headers: str
    ) -> httpx2.Response:
        """The answer, whatever it is: unlike `Api.send` this sends nothing again.

        Args:
            by: who asks, or an access token.
            headers: `If_Match` is `If-Match`.
        """
        token = by.token if isinstance(by, Member) else by
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            named["Authorization"] = f"Bearer {token}"
        url = f"{self.stack.services[service]}/v1{path}"
        return await self.world.orders.http.request(method, url, json=body, headers=named)

    async def ask(self, service: str, path: str, by: Member | str) -> Any:
        """What there is to read."""
        answer = await self.send(service, "GET", path, by=by)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def cart(self, by: Member | str, *, quantity: int = 1, company_id: str | None = None) -> dict[str, Any]:
        """`company_id` is named by staff only."""
        line = {"article": self.article, "quantity": str(quantity)}
        body = {"currency": "EUR", "lines": [line]} | ({"company_id": company_id} if company_id else {})
        answer = await self.send("pricing", "POST", "/priced-carts", by=by, body=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def submit(
        self, by: Member | str | None, signed: str, *, payment: str = "provider", key: str | None = None, **body: Any
    ) -> httpx2.Response:
        """Under an idempotency key of its own where none is given."""
        body = {**order_body(signed, payment), **body}
        return await self.send("orders", "POST", "/orders", by=by, body=body, Idempotency_Key=key or str(uuid4()))

    async def order(self, by: Member | str, expected: str = "awaiting_attestation", **options: Any) -> Order:
        company_id = self.company.company_id if isinstance(by, str) else None
        answer = await self.submit(by, (await self.cart(by, company_id=company_id))["signed"], **options)
        assert answer.status_code == 201, answer.text
        assert answer.json()["status"] == expected
        return Order(answer.json()["order_id"], answer.json()["number"])

    async def attest(self, it: Order, by: Member | str | None, body: Any = None) -> httpx2.Response:
        return await self.send("orders", "POST", f"{it.path}/attest", by=by, body=body)

    async def decline(self, it: Order, by: Member | str | None) -> httpx2.Response:
        return await self.send("orders", "POST", f"{it.path}/decline", by=by, body={"reason": "Too dear."})

    async def overview(self, by: Member | str, query: str = "") -> list[str]:
        """Ids of all orders that he is shown, page by page."""
        found: list[str] = []
        cursor = ""
        while True:
            page = await self.ask("orders", f"/orders?limit=20{query}{cursor}", by)
            found += [one["order_id"] for one in page["items"]]
            if not page["next"]:
                return found
            cursor = f"&cursor={page['next']}"

    async def arrived(self, *people: Member) -> None:
        """Pricing and orders know them."""

        async def known(member: Member) -> bool:
            body = {"articles": [self.article], "quantity": "1", "currency": "EUR"}
            prices = await self.send("pricing", "POST", "/prices", by=member, body=body)
            orders = await self.send("orders", "GET", "/orders", by=member)
            return (prices.status_code, orders.status_code) == (200, 200)

        await asyncio.gather(*(eventually(partial(known, one), what="everybody is known") for one in people))


async def open_trade(stack: Stack, world: World) -> Trade:
    article, price_list = f"piece-{world.run}", f"own-{world.run}"
    staff, pricing = world.staff, world.pricing
    await pricing.call("PUT", f"/articles/{article}", token=staff, body=PIECE)
    await pricing.call("PUT", f"/price-lists/{price_list}", token=staff, body={"currency": "EUR"})
    company, stranger = await asyncio.gather(
        company_that_buys(world),
        enabled_company(world, world.cast.nordic, pays_by_invoice=False, always_attested=True),
    )
    for company_id in (company.company_id, stranger.company_id):
        given = {"assignee_kind": "company", "assignee": company_id, "price_list": price_list}
        await pricing.call("POST", "/terms", token=staff, body=given)
    trade = Trade(stack, world, company, stranger, article, price_list)
    await put_price(trade, PRICE)
    await trade.arrived(company.administrator, company.buyer, company.attester, stranger)
    return trade


async def put_price(trade: Trade, price: str) -> None:
    path = f"/price-lists/{trade.price_list}/prices/{trade.article}"
    body = {"tiers": [{"from": "1", "price": price}]}
    answer = await trade.send("pricing", "PUT", path, by=trade.world.staff, body=body)
    assert answer.status_code == 200, answer.text


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of a clear no: of a problem as the API documents it, and never of an error of ours."""
    assert 400 <= answer.status_code < 500, f"{answer.request.url} {answer.status_code} {answer.text}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["type"]) == (answer.status_code, f"urn:countersign:problem:{problem['code']}")
    return problem["status"], problem["code"]


def refusals(answers: Sequence[httpx2.Response]) -> list[tuple[int, str]]:
    """Of those that are not a yes."""
    return [refusal(answer) for answer in answers if answer.status_code >= 300]
