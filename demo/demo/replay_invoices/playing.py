"""Plays the documents: each invoice as a priced cart and an order, each cancellation as one, companies side by side.

A company's documents are played in their order. Companies do not wait for each other, except on the mornings on which
the list for everybody changes: then all that came before is played first.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from demo.http_api import Answer, Unexpected
from demo.replay_invoices.comparing import Cause, differences, refusal_causes
from demo.replay_invoices.countries import country_code
from demo.replay_invoices.derivation import Derived
from demo.replay_invoices.documents import Document
from demo.replay_invoices.entering import Entering
from demo.replay_invoices.outcomes import Outcome, ReturnOutcome, Verdict
from demo.replay_invoices.prices import Tiers
from demo.replay_invoices.returns import Sale, take_back
from demo.replay_invoices.system import Customer, System
from demo.waiting import TimedOut, until

ON_THEIR_WAY = {
    "not-found",
    "customer-none",
    "customer-not-invited",
    "customer-invited",
    "no-price-list",
    "member-unknown",
}
"""Refusals of a company whose facts have not arrived at every service yet."""
ARRIVES_WITHIN = 30.0
"""Seconds."""
PLACED_WITHIN = 300.0
DONE = {"placed", "confirmed"}
"""Whether the merchant confirms at once is its policy."""


@dataclass
class Replay:
    system: System
    entering: Entering
    derived: Derived
    customers: dict[str, Customer]
    told: Callable[[], None]
    """Called when a document has been played."""
    outcomes: list[Outcome] = field(default_factory=list)
    returns: list[ReturnOutcome] = field(default_factory=list)
    seconds: float = 0
    _sales: dict[str, list[Sale]] = field(default_factory=lambda: defaultdict(list))
    _own: dict[str, dict[int | None, dict[str, Tiers]]] = field(default_factory=dict)

    async def play(self, documents: Sequence[Document]) -> None:
        """All documents, in order of time."""
        self._own = self.derived.own_changes()
        changes = {day: prices for day, prices in self.derived.everybodys_changes().items() if day is not None}
        began = time.monotonic()
        for morning, stretch in _stretches(documents, sorted(changes)):
            if morning is not None:
                await self.entering.put_prices(self.system.everybodys_list, changes[morning], f"prices of {morning}")
            await self.system.side_by_side(self._play_company, _by_company(stretch))
        self.seconds = time.monotonic() - began

    async def _play_company(self, documents: list[Document]) -> None:
        for document in documents:
            if document.cancels:
                self.returns.append(await self._take_back(document))
            else:
                outcome = Outcome(document, Verdict.REFUSED)
                await self._play(outcome)
                self.outcomes.append(outcome)
            self.told()

    async def _play(self, outcome: Outcome) -> None:
        """Never raises for what one invoice does: a fault is its outcome, and the others go on."""
        document = outcome.document
        if document.why_not is not None:
            outcome.causes = (document.why_not,)
            return
        customer = self.customers[document.buyer]
        try:
            if customer.fault:
                outcome.fail(customer.fault)
            else:
                await self._change_own_prices(customer, document)
                await self._order(outcome, customer)
        except (Unexpected, TimedOut) as error:
            outcome.fail(str(error))
        self._sales[document.buyer].append(Sale.of(document, outcome.order_id))

    async def _change_own_prices(self, customer: Customer, document: Document) -> None:
        prices = self._own.get(document.buyer, {}).get(document.order)
        if prices:
            await self.entering.put_prices(customer.own_list, prices, f"new prices of {document.buyer}")

    async def _order(self, outcome: Outcome, customer: Customer) -> None:
        document = outcome.document
        token = await (customer.members.buyer if customer.members else self.system.staff).token()
        cart = await self._asked(customer, lambda: self._price(document, customer, token))
        if cart.status >= 400:
            outcome.causes = tuple(refusal_causes(document, _problems(cart), self.derived))
            outcome.detail = _told(cart)
            return
        prices = [Decimal(line["unit_price"]) for line in cart["cart"]["lines"]]
        outcome.charged = Decimal(cart["cart"]["net"])
        outcome.differences = differences(document, prices, self.derived)
        order = await self._asked(customer, lambda: self._submit(document, cart["signed"], token))
        if order.status >= 400:
            outcome.fail(_told(order))
            return
        customer.new = False
        outcome.order_id = order["order_id"]
        if customer.members:
            outcome.attested = await self._attest(order, await customer.members.attester.token())
        if outcome.differences:
            outcome.verdict = Verdict.DIFFERENT
            outcome.causes = tuple(sorted({one.cause for one in outcome.differences}))
        elif outcome.charged == document.net == Decimal(cart["cart"]["total"]):
            outcome.verdict = Verdict.EQUAL
        else:
            outcome.verdict, outcome.causes = Verdict.DIFFERENT, (Cause.UNEXPLAINED,)

    async def _asked(self, customer: Customer, ask: Callable[[], Any]) -> Answer:
        """The answer; of a company that is new, not before its facts have arrived."""
        deadline = time.monotonic() + ARRIVES_WITHIN
        answer: Answer = await ask()
        while customer.new and answer.code in ON_THEIR_WAY and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
            answer = await ask()
        return answer

    async def _price(self, document: Document, customer: Customer, token: str) -> Answer:
        articles = self.entering.articles
        body: dict[str, Any] = {
            "company_id": customer.company_id,
            "currency": self.system.currency,
            "ship_to_country": country_code(document.country),
            "lines": [{"article": articles[line.article], "quantity": str(line.quantity)} for line in document.lines],
        }
        return await self.system.pricing.send("POST", "/priced-carts", token=token, body=body)

    async def _submit(self, document: Document, signed: str, token: str) -> Answer:
        reference = f"{self.system.run} {document.number}"
        body = {"signed": signed, "terms_accepted": True, "payment": "invoice", "order_reference": reference}
        return await self.system.orders.send("POST", "/orders", token=token, body=body)

    async def _attest(self, order: Answer, token: str) -> bool:
        """Its company's yes; then its process places it.

        Raises:
            Unexpected: it did not have to be attested, or may not.
            TimedOut: it is not placed.
        """
        if order["status"] != "awaiting_attestation":
            raise Unexpected(f"{order['number']} is {order['status']}, and should be attested")
        path = f"/orders/{order['order_id']}"
        await self.system.orders.call("POST", f"{path}/attest", token=token)

        async def placed() -> bool | None:
            found = await self.system.by_staff(self.system.orders, "GET", path)
            return True if found["status"] in DONE else None

        return await until(f"{order['number']} is placed", placed, within=PLACED_WITHIN)

    async def _take_back(self, document: Document) -> ReturnOutcome:
        if document.why_not is not None:
            return ReturnOutcome(document, document.why_not)
        outcome = ReturnOutcome.of(document, take_back(self._sales[document.buyer], document))
        try:
            for order_id in outcome.cancelled:
                path = f"/orders/{order_id}/cancel"
                await self.system.by_staff(self.system.orders, "POST", path, body={"reason": "returned"})
        except Unexpected as error:
            outcome.became, outcome.detail = Cause.UNEXPLAINED, str(error)
        return outcome


def _stretches(documents: Sequence[Document], mornings: Sequence[date]) -> Iterable[tuple[date | None, list[Document]]]:
    """The documents between two changes of the list for everybody, each time with the morning of the change."""

    def morning_of(document: Document) -> date | None:
        passed = [day for day in mornings if day <= document.at.date()]
        return passed[-1] if passed else None

    for morning, group in groupby(documents, key=morning_of):
        yield morning, list(group)


def _by_company(documents: Iterable[Document]) -> list[list[Document]]:
    """The one with the most lines first, so that none is left alone at the end."""
    grouped: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        grouped[document.buyer].append(document)
    return sorted(grouped.values(), key=lambda of_one: -sum(len(one.lines) for one in of_one))


def _problems(answer: Answer) -> list[dict[str, str]]:
    return list(answer.body.get("errors", ())) if isinstance(answer.body, dict) else []


def _told(answer: Answer) -> str:
    return f"{answer.status} {answer.code}"
