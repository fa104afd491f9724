"""A merchant with articles, prices and companies whose people buy, made through the public APIs."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson
from demo.account import make_first_staff_member, staff_account
from demo.http_api import Answer, Api
from demo.mailbox import Mailbox
from demo.waiting import until
from demo.wholesale.company_numbers import company_numbers

from chassis.ids import new_id
from local_stack import Stack
from local_stack.layout import Layout
from tests.performance.driver import Connections, connections

ARTICLES = 2_000
COMPANIES = 8
"""Orders of one company wait for each other, because they share its monthly budget; these are side by side."""
PASSWORD = "harbour-copper-juniper-417"
ATTESTS = ["buy", "see_prices", "see_own_orders", "see_all_orders", "attest_orders"]
BUYS = ["buy", "see_prices", "see_own_orders"]


@dataclass
class Person:
    email: str
    company_id: str
    token: str = ""


@dataclass
class Company:
    company_id: str
    number: str
    free_buyer: Person
    """Whose orders are placed at once."""
    waiting_buyer: Person
    """Whose orders must always be attested."""
    attester: Person


@dataclass(frozen=True)
class Cart:
    """Priced and signed: what `POST /v1/orders` takes."""

    company: Company
    by: Person
    content: bytes


@dataclass
class Shop:
    stack: Stack
    http: httpx2.AsyncClient
    staff: str = ""
    companies: list[Company] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    run: str = ""
    _people: int = 0

    @property
    def price_list(self) -> str:
        return f"list-{self.run}"

    @property
    def imported_list(self) -> str:
        """Nobody's; to be imported into."""
        return f"imported-{self.run}"

    def api(self, service: str) -> Api:
        return Api(service, self.stack.services[service], self.http)

    async def sign_in(self) -> None:
        """Everybody anew: tokens live five minutes, so each benchmark begins with this."""
        account = staff_account(Layout(self.stack.name).directory)
        body = {"kind": "staff", "email": account.email, "password": account.password}
        self.staff = (await self.api("identity").call("POST", "/sessions", body=body))["access_token"]
        people = [one for each in self.companies for one in (each.free_buyer, each.waiting_buyer, each.attester)]
        for person in people:
            await self._sign_in(person)

    async def _sign_in(self, person: Person) -> None:
        body = {"kind": "member", "email": person.email, "password": PASSWORD, "company_id": person.company_id}
        person.token = (await self.api("identity").call("POST", "/sessions", body=body))["access_token"]

    # -- set-up ------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        account = staff_account(Layout(self.stack.name).directory)
        await make_first_staff_member(account, self.stack.environment["identity"], Layout(self.stack.name).directory)
        await self.sign_in()
        await self._policies()
        await self._prices()
        mailbox = Mailbox(self.stack.mail, self.http)
        await mailbox.open()
        self.companies = list(await asyncio.gather(*(self._company(mailbox) for _ in range(COMPANIES))))
        for company in self.companies:
            await self._wait_until_known(company)

    async def _policies(self) -> None:
        links = {
            one: f"https://shop.example/{one}/{{token}}" for one in ("invitation", "answer", "verification", "reset")
        }
        mail = {"merchant_name": "Bench", "merchant_mailbox": "accounts@merchant.example", "links": links}
        await self._policy("notifications", "mail", {**mail, "sender_address": "no-reply@merchant.example"})
        placement = {"confirm_invoice_orders_at_once": False, "confirm_provider_orders_at_once": False}
        await self._policy("orders", "placement", placement)
        await self._policy("pricing", "pricing", {"merchant_country": "NL"})

    async def _policy(self, service: str, name: str, changes: dict[str, Any]) -> None:
        api, query, path = self.api(service), {"storefront": "*"}, f"/policies/{name}"
        now = await api.call("GET", path, token=self.staff, query=query)
        await api.call("PUT", path, token=self.staff, query=query, body={**now.body, **changes}, if_match=now.etag)

    async def _prices(self) -> None:
        pricing = self.api("pricing")
        await pricing.call("PUT", "/vat-rates/NL/standard", token=self.staff, body={"rate": "21"})
        lines = [f"B{number},Article {number},piece,1,standard" for number in range(1, ARTICLES + 1)]
        await self.import_csv("/articles/imports", "code,name_en,unit,pack_size,vat_class", lines)
        await pricing.call(
            "PUT", f"/price-lists/{self.price_list}", token=self.staff, body={"currency": "EUR", "base": False}
        )
        lines = [f"B{number},1,{number % 97 + 1}.25" for number in range(1, ARTICLES + 1)]
        await self.import_csv(f"/price-lists/{self.price_list}/imports", "article,from_quantity,price", lines)

    async def import_csv(self, path: str, header: str, lines: list[str]) -> Answer:
        """Until it is in force."""
        pricing = self.api("pricing")
        content = "\n".join([header, *lines, ""]).encode()
        import_id = (await pricing.call("POST", path, token=self.staff, csv=content))["import_id"]

        async def reached(status: str) -> Answer | None:
            answer = await pricing.call("GET", f"/imports/{import_id}", token=self.staff)
            if answer["status"] == "failed" or answer["rejected"]:
                raise RuntimeError(f"the import went wrong: {answer.body}")
            return answer if answer["status"] == status else None

        await until("preview", lambda: reached("previewed"), within=120)
        await pricing.call("POST", f"/imports/{import_id}/apply", token=self.staff)
        return await until("import", lambda: reached("applied"), within=120)

    async def _company(self, mailbox: Mailbox) -> Company:
        first = self._address()
        address = {"line1": "Kade 4", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"}
        numbers = company_numbers("NL", self.chance)
        body = {
            "legal_name": f"Company {first}",
            "country": "NL",
            "vat_number": numbers.vat,
            "registration_number": numbers.registration,
            "email": first,
            "addresses": [{"kind": kind, "address": address} for kind in ("invoice", "delivery")],
            "language": "en",
            "storefront": "bench",
            "with_account_access": True,
            "pays_by_invoice": True,
            "contact": {"name": "First Person", "email": first, "language": "en"},
        }
        made = await self.api("identity").call("POST", "/companies", token=self.staff, body=body)
        company_id = made["company_id"]
        terms = {"assignee_kind": "company", "assignee": company_id, "price_list": self.price_list}
        await self.api("pricing").call("POST", "/terms", token=self.staff, body=terms)
        administrator = await self._join(
            mailbox, company_id, self.staff, first, role="administrator", first_administrator=True
        )
        token = administrator.token
        free = await self._join(mailbox, company_id, token, role="user", permissions=BUYS)
        waiting = await self._join(mailbox, company_id, token, role="user", permissions=BUYS, always_attested=True)
        attester = await self._join(mailbox, company_id, token, role="employee", permissions=ATTESTS)
        return Company(company_id, made["number"], free, waiting, attester)

    def _address(self) -> str:
        self._people += 1
        return f"p{self._people}@{self.run}.example"

    async def _join(self, mailbox: Mailbox, company_id: str, inviter: str, email: str = "", **terms: Any) -> Person:
        """Invited by mail, accepted, signed in."""
        person = Person(email or self._address(), company_id)
        invitee = {"name": "Some Person", "email": person.email, "language": "en"}
        path = f"/companies/{company_id}/invitations"
        await self.api("identity").call("POST", path, token=inviter, body={"invitees": [invitee], **terms})
        mail = await mailbox.mail(person.email, "invitation", within=120)
        path = f"/invitation-links/{mail.token('invitation')}/accept"
        await self.api("identity").call("POST", path, body={"password": PASSWORD})
        await self._sign_in(person)
        return person

    async def _wait_until_known(self, company: Company) -> None:
        """To pricing and to orders, which learn of people from events."""
        for person in (company.free_buyer, company.waiting_buyer):

            async def priced(person: Person = person) -> Answer | None:
                answer = await self.api("pricing").send("POST", "/priced-carts", token=person.token, body=self.cart(1))
                return answer if answer.status == 201 else None

            async def known(person: Person = person) -> Answer | None:
                answer = await self.api("orders").send("GET", "/orders", token=person.token)
                return answer if answer.status == 200 else None

            await until("pricing knows the member", priced, within=60)
            await until("orders knows the member", known, within=60)

    # -- buying ------------------------------------------------------------------------------------------------------

    def cart(self, lines: int) -> dict[str, Any]:
        """Of articles drawn by chance, each once."""
        drawn = self.chance.sample(range(1, ARTICLES + 1), lines)
        return {
            "currency": "EUR",
            "ship_to_country": "NL",
            "lines": [{"article": f"B{one}", "quantity": str(self.chance.choice((1, 12, 60)))} for one in drawn],
        }

    async def price(self, pricing: Connections, lines: int, company: Company, by: Person) -> Cart:
        answer = await pricing.must("/v1/priced-carts", by.token, self.cart(lines))
        body = {"signed": answer["signed"], "terms_accepted": True, "payment": "invoice"}
        return Cart(company, by, orjson.dumps(body))

    async def priced_carts(self, many: int, lines: int, *, attested: bool = False) -> list[Cart]:
        """Round the companies."""
        async with connections(self.stack.services["pricing"], many=2) as pricing:
            carts = []
            for number in range(many):
                company = self.companies[number % len(self.companies)]
                by = company.waiting_buyer if attested else company.free_buyer
                carts.append(await self.price(pricing, lines, company, by))
            return carts


@asynccontextmanager
async def open_shop(stack: Stack, known: Shop | None) -> AsyncIterator[Shop]:
    """
    Args:
        known: opened before on this stack's data.
    """
    async with httpx2.AsyncClient(timeout=60) as http:
        if known is None:
            shop = Shop(stack, http, run=new_id().hex[-8:])
            await shop.open()
        else:
            shop = Shop(stack, http, companies=known.companies, run=known.run)
            await shop.sign_in()
        yield shop
