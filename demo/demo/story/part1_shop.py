"""Part 1: the merchant's first staff member, its policies, articles and price lists."""

from typing import Any

from demo.account import make_first_staff_member
from demo.http_api import Answer
from demo.steps import ANY_KEY, Part, Step, expect
from demo.story.cast import MERCHANT_DOMAIN, MERCHANT_MAILBOX
from demo.story.world import World, together
from demo.waiting import until
from demo.wholesale.assortment import Prices
from demo.wholesale.csv_files import CsvFile, articles_csv, prices_csv

GROUP = "horeca"
WEBSHOP, TRADE, PORTAL, MARKET, COUNTER = "webshop", "trade", "portal", "market", "counter"
"""Storefronts: reviewed by hand, then invited; reviewed by hand, then enabled; approving by itself and enabling at once;
reviewed with short deadlines; for companies that the merchant enters itself."""

GENEROUS_APPROVAL = {"remind_reviewer_after": "P2D", "remind_applicant_after": "P3D", "withdraw_after": "P14D"}
SHORT_APPROVAL = {"remind_applicant_after": 4, "withdraw_after": 9}
GENEROUS_INVITATION = {"remind_after": "P3D", "expire_after": "P14D"}
GENEROUS_ATTESTATION = {
    "remind_after": "P1D",
    "escalate_after": "P2D",
    "merchant_after": "P4D",
    "expire_after": "P7D",
}
PURCHASING_LEAD = "purchasing-lead"
"""A role of the merchant's own: whoever attests the orders of others."""
PURCHASING_LEAD_NAMES = {
    "nl": "Hoofd inkoop",
    "fr": "Responsable des achats",
    "sv": "Inköpschef",
    "en": "Purchasing lead",
    "de": "Einkaufsleitung",
}
IMPORT_PATIENCE = 300
"""Seconds; a wholesaler's file is long."""
VAT_RATES = {
    "NL": {"standard": "21", "reduced": "9"},
    "BE": {"standard": "21", "reduced": "6"},
    "DE": {"standard": "19", "reduced": "7"},
    "SE": {"standard": "25", "reduced": "12"},
}
MAIL_LINKS = {
    purpose: f"https://shop.{MERCHANT_DOMAIN}/{purpose}/{{token}}"
    for purpose in ("invitation", "answer", "verification", "reset")
}


async def open_shop(world: World, part: Part) -> None:
    await _bootstrap(world, part)
    await _sign_in(world, part)
    await _identity_policies(world, part)
    await _roles(world, part)
    await _group(world, part)
    await together(_other_policies(world, part), _vat_rates(world, part))


async def _bootstrap(world: World, part: Part) -> None:
    async with part.step("operator", "makes the merchant's first staff member", "identity") as step:
        said = await make_first_staff_member(world.staff_account, world.bootstrap_environment, world.folder)
        if said:
            step.note(said.splitlines()[-1])


async def _sign_in(world: World, part: Part) -> None:
    account = world.staff_account
    async with part.step("staff", "signs in; without a token or with a wrong password nothing opens", "identity"):
        await world.identity.refused(401, "token-missing", "GET", "/companies")
        wrong = {"kind": "staff", "email": account.email, "password": "not the password"}
        await world.identity.refused(401, "credentials-invalid", "POST", "/sessions", body=wrong)
        answer = await world.identity.call("POST", "/sessions", body={**wrong, "password": account.password})
        world.staff = world.secret(answer["access_token"])


async def _identity_policies(world: World, part: Part) -> None:
    """Each storefront its own way to become a customer."""
    registration = {
        WEBSHOP: {"mode": "manual", "after_approval": "invite"},
        TRADE: {"mode": "manual", "after_approval": "enable"},
        PORTAL: {"mode": "automatic", "after_approval": "enable"},
        MARKET: {"mode": "manual", "after_approval": "invite"},
        COUNTER: {"mode": "closed", "after_approval": "invite"},
    }
    async with part.step("staff", "sets how each storefront lets companies in, and the deadlines", "identity") as step:
        common: dict[str, Any] = {
            "required": ["vat_number", "registration_number"],
            "merchant_domains": [MERCHANT_DOMAIN],
        }
        for storefront, policy in registration.items():
            wanted = {**common, **policy, "price_list": world.lists.wholesale if storefront == PORTAL else None}
            answer = await world.set_policy(world.identity, "registration", wanted, storefront)
        stale = {"storefront": COUNTER}
        await world.identity.refused(
            412, "stale-version", "PUT", "/policies/registration",
            token=world.staff, query=stale, body=answer.body, if_match='"0"',
        )  # fmt: skip
        await world.set_policy(world.identity, "approval", GENEROUS_APPROVAL)
        await world.set_policy(world.identity, "approval", {**GENEROUS_APPROVAL, **world.short(SHORT_APPROVAL)}, MARKET)
        await world.set_policy(world.identity, "invitation", GENEROUS_INVITATION, WEBSHOP)
        step.note(
            ", ".join(f"{one}: {policy['mode']}, {policy['after_approval']}" for one, policy in registration.items())
        )


async def _roles(world: World, part: Part) -> None:
    async with part.step("staff", "adds a role of its own to those that members can have", "identity") as step:
        roles = (await world.identity.call("GET", "/roles", token=world.staff))["roles"]
        permissions = ["buy", "see_prices", "see_own_orders", "see_all_orders", "attest_orders"]
        role = {"names": PURCHASING_LEAD_NAMES, "permissions": permissions}
        await world.set_policy(world.identity, "roles", {"roles": {**roles, PURCHASING_LEAD: role}})
        step.note(PURCHASING_LEAD)


async def _group(world: World, part: Part) -> None:
    async with part.step("staff", "makes a group of customers, with their conditions by default", "identity"):
        body = {"code": GROUP, "names": {"nl": "Horeca", "en": "Hotels and restaurants"}, "invoice_days": 14}
        answer = await world.identity.send("POST", "/groups", token=world.staff, body=body)
        expect(answer.status == 201 or answer.code == "group-exists", f"{answer.status} {answer.code}")


async def _other_policies(world: World, part: Part) -> None:
    async with part.step("staff", "sets the deadlines of attestation", "orders"):
        await world.set_policy(world.orders, "attestation", GENEROUS_ATTESTATION, WEBSHOP)
        await world.set_policy(
            world.orders,
            "placement",
            {"confirm_invoice_orders_at_once": True, "confirm_provider_orders_at_once": False},
        )
    async with part.step("staff", "sets the sender, the merchant's mailbox and the shop's links", "notifications"):
        await world.set_policy(
            world.notifications,
            "mail",
            {
                "merchant_name": "Zuiderhof Groothandel",
                "merchant_mailbox": MERCHANT_MAILBOX,
                "merchant_language": "en",
                "sender_address": f"no-reply@{MERCHANT_DOMAIN}",
                "links": MAIL_LINKS,
            },
        )


async def _vat_rates(world: World, part: Part) -> None:
    async with part.step("staff", "sets the VAT rates of four countries", "pricing"):
        await world.set_policy(world.pricing, "pricing", {"merchant_country": "NL"})
        for country, rates in VAT_RATES.items():
            for vat_class, rate in rates.items():
                path = f"/vat-rates/{country}/{vat_class}"
                await world.pricing.call("PUT", path, token=world.staff, body={"rate": rate})


async def fill_shelves(world: World, part: Part) -> None:
    """Articles first, then the three price lists, each with a preview and a report of the rows that are wrong."""
    assortment = world.assortment
    async with part.step("staff", f"imports {len(assortment.articles):,} articles from CSV", "pricing") as step:
        file = articles_csv(assortment.articles)
        import_id = await _import(world, step, "articles", "/articles/imports", file)
        step.event("pricing.article.imported", import_id)
        if assortment.skipped:
            step.note("not taken: " + ", ".join(f"{many} {why}" for why, many in sorted(assortment.skipped.items())))
    await together(
        _price_list(world, part, world.lists.base, assortment.base),
        _price_list(world, part, world.lists.wholesale, assortment.wholesale),
        _price_list(world, part, world.lists.group, assortment.group),
    )
    async with part.step("staff", f"gives the group {GROUP} its price list", "pricing"):
        body = {"assignee_kind": "group", "assignee": GROUP, "price_list": world.lists.group}
        await world.pricing.call("POST", "/terms", token=world.staff, body=body)


async def _price_list(world: World, part: Part, code: str, prices: Prices) -> None:
    file = prices_csv(prices)
    async with part.step("staff", f"imports {file.rows:,} prices into the list {code}", "pricing") as step:
        body = {"currency": world.assortment.currency, "base": code == world.lists.base}
        await world.pricing.call("PUT", f"/price-lists/{code}", token=world.staff, body=body)
        import_id = await _import(world, step, code, f"/price-lists/{code}/imports", file)
        step.event("pricing.price_list.prices_imported", ANY_KEY, import_id=import_id)


async def _import(world: World, step: Step, name: str, path: str, file: CsvFile) -> str:
    """Preview, report per row, then in force as a whole. The import's id."""
    pricing, token = world.pricing, world.staff
    bar = world.progress.begin(name, file.rows)
    begun = await pricing.call("POST", path, token=token, csv=file.content)
    import_id = str(begun["import_id"])

    async def reached(*wanted: str) -> Answer | None:
        answer = await pricing.call("GET", f"/imports/{import_id}", token=token)
        status = answer["status"]
        expect(status != "failed", f"the import failed: {answer.body}")
        world.progress.move(bar, answer["applied"] if status in ("applying", "applied") else answer["read"], status)
        return answer if status in wanted else None

    preview = await until(f"preview of {name}", lambda: reached("previewed"), within=IMPORT_PATIENCE)
    counts = (preview["rows"], preview["accepted"], preview["rejected"])
    expected = (file.rows, file.rows - file.wrong, file.wrong)
    report = await pricing.call("GET", f"/imports/{import_id}/rows", token=token, query={"outcome": "rejected"})
    rejected = [f"row {row['row']} {row['code']}" for row in report["items"]]
    step.note("refused " + ", ".join(rejected))
    expect(counts == expected, f"rows, accepted and rejected are {counts}, not {expected}: {rejected}")
    await pricing.call("POST", f"/imports/{import_id}/apply", token=token)
    await until(f"import of {name}", lambda: reached("applied"), within=IMPORT_PATIENCE)
    world.progress.end(bar)
    return import_id
