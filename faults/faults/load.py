"""Open-loop load: so many people a second begin what they want, however long the answers take.

What a person does is drawn from the seed. Everything is asked through `Client`, so the journal has every attempt.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from itertools import count

from faults.client import Account, Answer, GaveUp, Refused
from faults.postbox import NoMail
from faults.shop import ARTICLES, BUYER_PERMISSIONS, PRICE_LIST, STOREFRONT, Company, Shop


class Load:
    """People of several companies, and the merchant's staff."""

    ON_TIME = 2.0
    """Seconds from the wish to the order's acknowledgement."""

    def __init__(self, shop: Shop, rate: float, seed: int) -> None:
        """
        Args:
            rate: people a second.
        """
        self.shop = shop
        self.rate = rate
        self._chance = random.Random(seed)
        self._people: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self.surprises: list[str] = []
        """Answers that no person of ours expects."""
        self._served: dict[float, float | None] = {}
        """Orders: when wished for, and seconds until acknowledged; None: not yet."""

    async def run(self) -> None:
        """Until `stop`; then waits for the people who are at it."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in count():
            try:
                async with asyncio.timeout_at(began + number / self.rate):
                    await self._stop.wait()
                break
            except TimeoutError:
                person = asyncio.create_task(self._person(self._wish(), self._chance.choice(self.shop.companies)))
                self._people.add(person)
                person.add_done_callback(self._people.discard)
        while self._people:
            await asyncio.wait(self._people)

    def stop(self) -> None:
        self._stop.set()

    def on_time(self, since: float) -> bool:
        """Whether orders that were wished for since then, and long enough ago, were acknowledged in time."""
        until = time.time() - self.ON_TIME
        wished = [seconds for at, seconds in self._served.items() if since <= at <= until]
        prompt = [one for one in wished if one is not None and one <= self.ON_TIME]
        return len(prompt) >= 0.95 * len(wished) > 0

    def _wish(self) -> Callable[[Company], Awaitable[None]]:
        wishes = (self.order, self.attested_order, self._invitation, self._application)
        return self._chance.choices(wishes, weights=(55, 33, 6, 6))[0]

    async def _person(self, wish: Callable[[Company], Awaitable[None]], company: Company) -> None:
        try:
            await wish(company)
        except (GaveUp, Refused, NoMail) as surprise:
            self.surprises.append(f"{type(surprise).__name__} {surprise}"[:400])

    async def submit(self, company: Company, buyer: Account) -> tuple[str, str]:
        """Prices a cart and orders it; the order's id and status."""
        wished = time.time()
        self._served[wished] = None
        order = await self.order_cart(company, buyer, await self.priced_cart(buyer))
        if not order.ok:
            raise Refused(f"order.submit: {order.status} {order.body}")
        self._served[wished] = time.time() - wished
        return order["order_id"], order["status"]

    async def priced_cart(self, buyer: Account, lines: int = 3) -> Answer:
        articles = self._chance.sample(ARTICLES * (1 + lines // len(ARTICLES)), lines)
        wanted = [{"article": article, "quantity": str(self._chance.randrange(1, 15))} for article in articles]
        body = {"currency": "EUR", "ship_to_country": "NL", "lines": wanted}
        return await self.shop.client.must("cart", "pricing", "/priced-carts", by=buyer, body=body)

    async def order_cart(self, company: Company, buyer: Account, priced: Answer) -> Answer:
        cart = priced["cart"]
        facts = {name: cart[name] for name in ("cart_id", "net", "vat", "total", "currency")}
        facts |= {"company_id": company.company_id, "member_id": buyer.member_id, "lines": len(cart["lines"])}
        facts |= {"attested": buyer is company.waiting_buyer}
        body = {
            "signed": priced["signed"],
            "terms_accepted": True,
            "payment": self._chance.choice(("invoice", "provider")),
        }
        return await self.shop.client.ask("order.submit", "orders", "/orders", by=buyer, body=body, facts=facts)

    async def order(self, company: Company) -> None:
        """One in six is cancelled, one in six confirmed; a stranger looks at some."""
        order_id, _ = await self.submit(company, company.free_buyer)
        draw = self._chance.randrange(6)
        if draw == 0:
            await self.act("cancel", order_id, self.shop.staff, {"reason": "out-of-stock"})
        elif draw == 1:
            await self.act("confirm", order_id, self.shop.staff)
        elif draw == 2 and len(self.shop.companies) > 1:
            stranger = self._chance.choice([other for other in self.shop.companies if other is not company])
            facts = {"order_id": order_id, "company_id": stranger.company_id}
            path = f"/orders/{order_id}"
            await self.shop.client.ask(
                "order.spy", "orders", path, method="GET", by=stranger.administrator, facts=facts
            )

    async def attested_order(self, company: Company) -> None:
        """Decided at once; one in seven is attested and taken back at the same moment."""
        draw = self._chance.randrange(7)
        await (self.declined, self.contested, *(self.attested,) * 5)[draw](company)

    async def attested(self, company: Company) -> None:
        order_id, _ = await self.submit(company, company.waiting_buyer)
        await self.act("attest", order_id, company.attester)

    async def declined(self, company: Company) -> None:
        order_id, _ = await self.submit(company, company.waiting_buyer)
        await self.act("decline", order_id, company.attester, {"reason": "Too much."})

    async def contested(self, company: Company) -> None:
        """The attester says yes while the buyer takes it back: one of them is told no."""
        order_id, _ = await self.submit(company, company.waiting_buyer)
        await asyncio.gather(
            self.act("attest", order_id, company.attester), self.act("withdraw", order_id, company.waiting_buyer)
        )

    async def act(self, act: str, order_id: str, by: Account, body: dict[str, str] | None = None) -> None:
        facts, path = {"order_id": order_id}, f"/orders/{order_id}/{act}"
        await self.shop.client.ask(f"order.{act}", "orders", path, by=by, body=body, facts=facts)

    async def _invitation(self, company: Company) -> None:
        await self.shop.join(company.company_id, company.administrator, role="user", permissions=BUYER_PERMISSIONS)

    async def _application(self, _: Company) -> None:
        """Applies, is approved, and accepts the invitation that follows."""
        shop, email = self.shop, self.shop.new_address()
        body = {
            "storefront": STOREFRONT,
            "language": "en",
            "company": shop.company_record(email),
            "applicant": {"name": "New Applicant", "email": email},
        }
        made = await shop.client.must("application.submit", "identity", "/applications", body=body)
        facts = {"application_id": made["application_id"]}
        path, conditions = f"/applications/{made['application_id']}/approve", {"price_list": PRICE_LIST}
        await shop.client.must("application.approve", "identity", path, by=shop.staff, body=conditions, facts=facts)
        await shop.accept(email, made["company_id"])
