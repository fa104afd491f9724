"""The merchant and the companies of one run, made through the public APIs."""

import asyncio
import os
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from demo.account import STAFF_NAME, staff_account
from demo.wholesale.company_numbers import company_numbers

from faults.client import Account, Answer, Client, Refused
from faults.journal import Journal
from faults.postbox import Postbox
from local_stack import Stack
from local_stack.layout import Layout

STOREFRONT = "faults"
PRICE_LIST = "faults-list"
ARTICLES = tuple(f"FAULT-{n}" for n in range(1, 9))
PASSWORD = "harbour-copper-juniper-417"
BUYER_PERMISSIONS = ["buy", "see_prices", "see_own_orders"]
ATTESTER_PERMISSIONS = ["buy", "see_prices", "see_own_orders", "see_all_orders", "attest_orders"]


@dataclass(frozen=True)
class Company:
    company_id: str
    administrator: Account
    waiting_buyer: Account
    """Whose orders must always be attested."""
    free_buyer: Account
    attester: Account


@dataclass
class Shop:
    client: Client
    postbox: Postbox
    staff: Account
    chance: random.Random
    run: str
    """In the addresses of this run's people, so that a second run on the same stack meets no first one's."""
    companies: list[Company] = field(default_factory=list)
    _people: int = 0

    @classmethod
    def of(
        cls, stack: Stack, urls: Mapping[str, str], journal: Journal, http: httpx2.AsyncClient, seed: int, run: str
    ) -> "Shop":
        """
        Args:
            urls: under which clients reach each service.
        """
        client = Client(urls, journal, http)
        known = staff_account(Layout(stack.name).directory)
        staff = Account(client, {"kind": "staff", "email": known.email, "password": known.password})
        return cls(client, Postbox(stack.mail, http), staff, random.Random(f"{run}/{seed}"), run)

    async def open(self, stack: Stack, companies: int) -> None:
        """Merchant, prices, and companies that may buy."""
        await self._bootstrap(stack)
        await self._policies()
        await self._prices()
        self.companies += await asyncio.gather(*(self._company() for _ in range(companies)))

    async def _bootstrap(self, stack: Stack) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "identity", "bootstrap-staff"),
            *("--name", STAFF_NAME, "--email", self.staff.credentials["email"]),
            env={
                **os.environ,
                **stack.environment["identity"],
                "COUNTERSIGN_BOOTSTRAP_PASSWORD": self.staff.credentials["password"],
            },
            cwd=Layout(stack.name).directory,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode:
            raise Refused(f"bootstrap-staff: {said.decode(errors='replace')[-500:]}")

    async def _policies(self) -> None:
        links = {
            purpose: f"https://shop.example/{purpose}/{{token}}"
            for purpose in ("invitation", "answer", "verification", "reset")
        }
        mail = {"merchant_name": "Faults", "merchant_mailbox": "accounts@merchant.example", "links": links}
        await self.policy("notifications", "mail", {**mail, "sender_address": "no-reply@merchant.example"})
        registration = {"mode": "manual", "after_approval": "invite", "required": ["vat_number"]}
        await self.policy("identity", "registration", registration)
        placement = {"confirm_invoice_orders_at_once": False, "confirm_provider_orders_at_once": False}
        await self.policy("orders", "placement", placement)
        await self.policy("pricing", "pricing", {"merchant_country": "NL"})

    async def policy(self, service: str, name: str, changes: dict[str, Any]) -> None:
        """Changes it everywhere, on the version that is there."""
        path, query = f"/policies/{name}", {"storefront": "*"}
        current = await self._read(service, path, query)
        body = {**current.body, **changes}
        await self.client.must(
            "policy", service, path, method="PUT", by=self.staff, query=query, body=body, if_match=current.etag
        )

    async def _read(self, service: str, path: str, query: dict[str, str] | None = None) -> Answer:
        return await self.client.must("read", service, path, method="GET", by=self.staff, query=query)

    async def _put(self, path: str, body: dict[str, Any]) -> None:
        await self.client.must("set-up", "pricing", path, method="PUT", by=self.staff, body=body)

    async def _prices(self) -> None:
        await self._put("/vat-rates/NL/standard", {"rate": "21"})
        for code in ARTICLES:
            await self._put(f"/articles/{code}", {"names": {"en": code}, "unit": "piece", "vat_class": "standard"})
        await self._put(f"/price-lists/{PRICE_LIST}", {"currency": "EUR", "base": False})
        for number, code in enumerate(ARTICLES, start=1):
            tiers = [{"from": "1", "price": f"{number}.37"}, {"from": "10", "price": f"{number}.11"}]
            await self._put(f"/price-lists/{PRICE_LIST}/prices/{code}", {"tiers": tiers})

    async def _company(self) -> Company:
        email = self.new_address()
        body = {
            **self.company_record(email),
            "language": "en",
            "storefront": STOREFRONT,
            "with_account_access": True,
            "pays_by_invoice": True,
            "contact": {"name": "First Person", "email": email, "language": "en"},
        }
        made = await self.client.must("company.create", "identity", "/companies", by=self.staff, body=body)
        company_id = made["company_id"]
        terms = {"assignee_kind": "company", "assignee": company_id, "price_list": PRICE_LIST}
        await self.client.must("terms", "pricing", "/terms", by=self.staff, body=terms)
        administrator = await self.join(company_id, self.staff, email, role="administrator", first_administrator=True)
        waiting, free, attester = await asyncio.gather(
            self.join(company_id, administrator, role="user", permissions=BUYER_PERMISSIONS, always_attested=True),
            self.join(company_id, administrator, role="user", permissions=BUYER_PERMISSIONS),
            self.join(company_id, administrator, role="employee", permissions=ATTESTER_PERMISSIONS),
        )
        return Company(company_id, administrator, waiting, free, attester)

    def company_record(self, email: str) -> dict[str, Any]:
        address = {"line1": "Kade 4", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"}
        numbers = company_numbers("NL", self.chance)
        return {
            "legal_name": f"Company {self._people} {self.run} B.V.",
            "country": "NL",
            "vat_number": numbers.vat,
            "registration_number": numbers.registration,
            "email": email,
            "addresses": [{"kind": kind, "address": address} for kind in ("invoice", "delivery")],
        }

    def new_address(self) -> str:
        self._people += 1
        return f"p{self._people}@run-{self.run}.example"

    async def join(self, company_id: str, inviter: Account, email: str = "", **terms: Any) -> Account:
        """Invites a person by mail, who accepts and signs in."""
        email = email or self.new_address()
        invitee = {"name": "Some Person", "email": email, "language": "en"}
        issued = await self.client.must(
            "invitation.issue", "identity", f"/companies/{company_id}/invitations",
            by=inviter, body={"invitees": [invitee], **terms}, facts={"company_id": company_id},
        )  # fmt: skip
        return await self.accept(email, company_id, issued["outcomes"][0]["invitation_id"])

    async def accept(self, email: str, company_id: str, invitation_id: str | None = None) -> Account:
        """By the link in the mail."""
        token = await self.postbox.token(email, "invitation")
        facts = {"company_id": company_id, "invitation_id": invitation_id}
        path = f"/invitation-links/{token}/accept"
        await self.client.must("invitation.accept", "identity", path, body={"password": PASSWORD}, facts=facts)
        account = Account(
            self.client, {"kind": "member", "email": email, "password": PASSWORD, "company_id": company_id}
        )
        await account.token()
        return account
