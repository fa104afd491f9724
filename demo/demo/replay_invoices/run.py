"""One replay: reads, derives, enters, plays, looks at the orders, and reports."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich.console import Console

from demo.http_api import Unexpected
from demo.mailbox import Mailbox
from demo.progress import ImportProgress
from demo.replay_invoices.codes import codes_for
from demo.replay_invoices.derivation import Derived, derive
from demo.replay_invoices.documents import Document, Past, is_walk_in
from demo.replay_invoices.entering import Entering
from demo.replay_invoices.inviting import give_members
from demo.replay_invoices.outcomes import Outcome
from demo.replay_invoices.playing import DONE, Replay
from demo.replay_invoices.report import Report
from demo.replay_invoices.system import Customer, System

ATTESTED_OF = 3
"""Every third company with a number, in the order in which they come, has its orders attested."""
AT_A_TIME = 200


@dataclass
class Run:
    system: System
    past: Past
    console: Console
    progress: ImportProgress

    async def replay(self) -> Report:
        """
        Raises:
            Unexpected: what comes before the first invoice could not be entered.
        """
        derived = derive(self.past)
        sales = [one for one in self.past.documents if not one.cancels and one.why_not is None]
        entering = Entering(self.system, self.progress, self._article_codes(sales))
        await entering.open_storefront()
        await entering.enter_articles(derived.articles)
        await entering.enter_everybodys_list(derived.everybodys_changes().get(None, {}))
        customers = await self._enter_companies(entering, derived, sales)
        replay = await self._play(entering, derived, customers)
        return Report(
            past=self.past,
            derived=derived,
            outcomes=sorted(replay.outcomes, key=lambda one: one.document.order),
            returns=sorted(replay.returns, key=lambda one: one.document.order),
            wrong_orders=await self._look_at_orders(replay),
            seconds=replay.seconds,
            run=self.system.run,
        )

    def _article_codes(self, sales: Sequence[Document]) -> dict[str, str]:
        """Also of articles that nobody has entered: an invoice may name them all the same."""
        return codes_for(dict.fromkeys(line.article for one in sales for line in one.lines), self.system.run)

    async def _enter_companies(
        self, entering: Entering, derived: Derived, sales: Sequence[Document]
    ) -> dict[str, Customer]:
        countries: dict[str, str] = {}
        for one in sales:
            countries.setdefault(one.buyer, one.country)
        numbers = codes_for(countries, self.system.run)
        attested = self._attested(countries)
        own = derived.own_changes()
        customers: dict[str, Customer] = {}
        bar = self.progress.begin("companies", len(countries), of="companies", long=True)

        async def enter(buyer: str) -> None:
            customer = customers[buyer] = Customer(buyer, numbers[buyer])
            prices = own[buyer].get(None, {}) if buyer in own else None
            try:
                await entering.create_company(customer, countries[buyer], members=buyer in attested, own=prices)
            except Unexpected as error:  # its invoices are refused with it, the others are played
                customer.fault = str(error)
            self.progress.move(bar, len(customers), "entered")

        await self.system.side_by_side(enter, countries)
        self.progress.end(bar)
        if self.system.mailbox:
            waiting = [customers[buyer] for buyer in countries if buyer in attested and not customers[buyer].fault]
            await self._invite(self.system.mailbox, waiting)
        return customers

    async def _invite(self, mailbox: Mailbox, customers: Sequence[Customer]) -> None:
        bar = self.progress.begin("attested companies", len(customers), of="companies", long=True)
        done = 0

        def told() -> None:
            nonlocal done
            done += 1
            self.progress.move(bar, done, "enabled")

        await give_members(self.system, mailbox, customers, told)
        self.progress.end(bar)

    def _attested(self, buyers: dict[str, str]) -> set[str]:
        if self.system.mailbox is None:
            return set()
        return set([buyer for buyer in buyers if not is_walk_in(buyer)][::ATTESTED_OF])

    async def _play(self, entering: Entering, derived: Derived, customers: dict[str, Customer]) -> Replay:
        documents = self.past.documents
        bar = self.progress.begin("invoices", len(documents), of="documents", long=True)
        began = time.monotonic()
        played = 0

        def told() -> None:
            nonlocal played
            played += 1
            self.progress.move(bar, played, f"{played / (time.monotonic() - began):.1f}/s")

        replay = Replay(self.system, entering, derived, customers, told)
        await replay.play(documents)
        self.progress.end(bar)
        return replay

    async def _look_at_orders(self, replay: Replay) -> list[str]:
        """Whether the orders themselves have the totals and the ends that they should."""
        found = await self._orders()
        cancelled = {order_id for one in replay.returns for order_id in one.cancelled}
        taken = [one for one in replay.outcomes if one.order_id]
        wrong = [sentence for one in taken if (sentence := _fault(one, found, cancelled))]
        if len(found) != len(taken):
            wrong.append(f"{len(found)} orders are there, {len(taken)} were taken")
        return wrong

    async def _orders(self) -> dict[str, dict[str, Any]]:
        query: dict[str, Any] = {"search": f"{self.system.run} ", "limit": AT_A_TIME}
        found: dict[str, dict[str, Any]] = {}
        while True:
            answer = await self.system.by_staff(self.system.orders, "GET", "/orders", query=query)
            found |= {one["order_id"]: one for one in answer["items"]}
            if not answer["next"]:
                return found
            query["cursor"] = answer["next"]


def _fault(outcome: Outcome, found: dict[str, dict[str, Any]], cancelled: set[str]) -> str | None:
    order = found.get(outcome.order_id or "")
    if order is None:
        return f"the order of invoice {outcome.document.number} is not among the orders"
    wanted = {"cancelled"} if outcome.order_id in cancelled else DONE
    if order["status"] not in wanted:
        return f"{order['number']} is {order['status']}, not {' or '.join(sorted(wanted))}"
    if Decimal(order["total"]["amount"]) != outcome.charged:
        return f"{order['number']} comes to {order['total']['amount']}, its cart to {outcome.charged}"
    return None
