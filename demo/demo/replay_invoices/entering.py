"""What the merchant enters before the first invoice: articles, the list for everybody, companies and their own prices."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from demo.http_api import Answer, Api, Unexpected
from demo.progress import ImportProgress
from demo.replay_invoices.countries import country_code
from demo.replay_invoices.prices import Tiers
from demo.replay_invoices.system import STOREFRONT, Customer, System
from demo.waiting import until

IMPORTED_FROM = 30
"""So many articles of one list are imported as a file; fewer are put one by one."""
IMPORT_PATIENCE = 600
"""Seconds."""
NAME_LENGTH = 200
BUYER_LENGTH = 100
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Entering:
    system: System
    progress: ImportProgress
    articles: dict[str, str]
    """Their codes here, by those in the file."""

    async def open_storefront(self) -> None:
        """Companies of this storefront need no VAT number."""
        identity = self.system.identity
        query = {"storefront": STOREFRONT}
        found = await self.system.by_staff(identity, "GET", "/policies/registration", query=query)
        await self.system.by_staff(
            identity, "PUT", "/policies/registration",
            query=query, body={**found.body, "mode": "closed", "required": []}, if_match=found.etag,
        )  # fmt: skip

    async def enter_articles(self, names: dict[str, str]) -> None:
        rows = [
            {"code": self.articles[code], "name_en": _name(name, code), "unit": "piece", "vat_class": "standard"}
            for code, name in names.items()
        ]
        if rows:
            await self._import("articles", "/articles/imports", rows)

    async def enter_everybodys_list(self, prices: dict[str, Tiers]) -> None:
        system = self.system
        await self.create_list(system.everybodys_list)
        await self.put_prices(system.everybodys_list, prices, "prices for everybody")
        group = {"code": system.group, "names": {"en": system.group}}
        await system.by_staff(system.identity, "POST", "/groups", body=group)
        terms = {"assignee_kind": "group", "assignee": system.group, "price_list": system.everybodys_list}
        await system.by_staff(system.pricing, "POST", "/terms", body=terms)

    async def create_list(self, code: str) -> None:
        body = {"currency": self.system.currency, "base": False}
        await self.system.by_staff(self.system.pricing, "PUT", f"/price-lists/{code}", body=body)

    async def put_prices(self, price_list: str, prices: dict[str, Tiers], name: str) -> None:
        """In force when it returns."""
        if len(prices) >= IMPORTED_FROM:
            rows = [
                {
                    "article": self.articles[article],
                    "from_quantity": tier.from_quantity,
                    "price": format(tier.price, "f"),
                }
                for article, tiers in prices.items()
                for tier in tiers
            ]
            await self._import(name, f"/price-lists/{price_list}/imports", rows)
            prices = {article: tiers for article, tiers in prices.items() if not tiers}  # a file can not take away
        for article, tiers in prices.items():
            body = {"tiers": [{"from": str(tier.from_quantity), "price": format(tier.price, "f")} for tier in tiers]}
            path = f"/price-lists/{price_list}/prices/{self.articles[article]}"
            await self.system.by_staff(self.system.pricing, "PUT", path, body=body)

    async def create_company(
        self, customer: Customer, country: str, *, members: bool, own: dict[str, Tiers] | None
    ) -> None:
        """
        Args:
            own: the prices of its own that it has from the beginning; None: it never has any.

        Raises:
            Unexpected: it was refused.
        """
        system = self.system
        body: dict[str, Any] = {
            "legal_name": f"{_printable(customer.buyer)[:BUYER_LENGTH]} ({customer.number})",
            "country": country_code(country),
            "language": "en",
            "storefront": STOREFRONT,
            "with_account_access": members,
            "customer_number": customer.number,
            "groups": [system.group],
            "pays_by_invoice": True,
            "vat_exempt": True,
        }
        created = await system.by_staff(system.identity, "POST", "/companies", body=body)
        customer.company_id = created["company_id"]
        if own is not None:
            await self.create_list(customer.own_list)
            await self.put_prices(customer.own_list, own, f"prices of {customer.buyer}")
            terms = {"assignee_kind": "company", "assignee": customer.company_id, "price_list": customer.own_list}
            await system.by_staff(system.pricing, "POST", "/terms", body=terms)

    async def _import(self, name: str, path: str, rows: Sequence[dict[str, Any]]) -> None:
        """
        Raises:
            Unexpected: it did not take every row.
        """
        system = self.system
        pricing: Api = system.pricing
        if not rows:
            return
        bar = self.progress.begin(name, len(rows))
        begun = await system.by_staff(pricing, "POST", path, csv=_csv(rows))
        where = f"/imports/{begun['import_id']}"

        async def reached(wanted: str) -> Answer | None:
            answer = await system.by_staff(pricing, "GET", where)
            if answer["status"] == "failed" or answer["rejected"]:
                report = await system.by_staff(pricing, "GET", f"{where}/rows", query={"outcome": "rejected"})
                raise Unexpected(f"the import of {name} is {answer['status']}: {str(report.body)[:500]}")
            self.progress.move(bar, answer["read"], answer["status"])
            return answer if answer["status"] == wanted else None

        await until(f"preview of {name}", lambda: reached("previewed"), within=IMPORT_PATIENCE)
        await system.by_staff(pricing, "POST", f"{where}/apply")
        await until(f"import of {name}", lambda: reached("applied"), within=IMPORT_PATIENCE)
        self.progress.end(bar)


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _name(name: str, code: str) -> str:
    """A description as an import takes it: printable, and nothing that a spreadsheet would run."""
    printable = _printable(name)[:NAME_LENGTH]
    return code if not printable or printable.startswith(_FORMULA) else printable


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()
