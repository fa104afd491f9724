"""Part 7: a closed storefront, a file of companies, a representative, a duplicate that is merged, a person who is erased."""

import csv
import io
from typing import Any

from demo.http_api import Answer
from demo.steps import Part, Step, expect
from demo.story.cast import Firm
from demo.story.part1_shop import COUNTER, GROUP
from demo.story.part3_people import People
from demo.story.part5_orders import order_body
from demo.story.sessions import credentials
from demo.story.statuses import cart_for
from demo.story.world import World
from demo.waiting import until

OUTLET = "outlet"
CLOSED = "storefront-closed-to-group"
MISTYPED = "12345"
"""A registration number that is too short."""


async def closed_storefront(world: World, part: Part) -> None:
    async with part.step("staff", f"opens a storefront for the group {GROUP} alone", "identity") as step:
        body = {"code": OUTLET, "name": "Outlet", "access": "closed", "groups": [GROUP]}
        answer = await world.identity.send("POST", "/storefronts", token=world.staff, body=body)
        expect(answer.status == 201 or answer.code == "storefront-exists", f"{answer.status} {answer.code}")
        step.note(OUTLET)
    welcome, refused = world.cast.caterer, world.cast.brasserie
    async with part.step(
        welcome.first.name, f"enters it; {refused.first.name}, whose company is in no group, may not", "identity"
    ):
        body = credentials(welcome.first) | {"storefront": OUTLET}
        entered = await world.identity.call("POST", "/sessions", body=body)
        world.secret(entered["access_token"])
        body = credentials(refused.first) | {"storefront": OUTLET}
        await world.identity.refused(403, CLOSED, "POST", "/sessions", body=body)


async def import_companies(world: World, part: Part) -> str:
    """The id of one that is a duplicate, which nobody has seen yet."""
    roastery, caterer = world.cast.roastery, world.cast.caterer
    rows = [
        _row(world, roastery, "1"),
        _row(world, caterer, "2") | {"legal_name": "Bloemrijk Catering"},
        _row(world, roastery, "3") | {"registration_number": MISTYPED},
    ]
    async with part.step(
        "staff", "sends a file of the old system's companies, and reads what would come of it", "identity"
    ) as step:
        begun = await world.identity.call("POST", "/companies/imports", token=world.staff, csv=_csv(rows))
        path = f"/imports/{begun['import_id']}"
        preview = await _reached(world, path, "previewed")
        counts = (preview["created"], preview["refused"])
        expect(counts == (2, 1), f"created and refused would be {counts}")
        report = await world.identity.call("GET", f"{path}/rows", token=world.staff, query={"outcome": "refused"})
        [refused] = report["items"]
        step.note(f"2 new; row {refused['row']}, {refused['column']}: {refused['code']}")
        expect(await _of_old_system(world, roastery) == [], "a preview made a company")
    async with part.step("staff", "has it applied, and takes back the row that was refused", "identity") as step:
        await world.identity.call("POST", f"{path}/apply", token=world.staff)
        await _reached(world, path, "applied")
        answer = await world.identity.call("GET", f"{path}/refused.csv", token=world.staff)
        expect(MISTYPED in answer.body, "the refused row does not come back")
        [made] = await _of_old_system(world, roastery)
        step.event("identity.company.created", made["id"])
        [duplicate] = await _of_old_system(world, caterer)
    return str(duplicate["id"])


def _row(world: World, firm: Firm, key: str) -> dict[str, str]:
    return {
        "key_legacy": f"{world.run}-{key}",
        "legal_name": firm.legal_name,
        "country": firm.country,
        "language": firm.language,
        "storefront": COUNTER,
        "vat_number": firm.numbers.vat,
        "registration_number": firm.numbers.registration,
        "invoice_address_line1": firm.street,
        "invoice_address_postal_code": firm.postal_code,
        "invoice_address_city": firm.city,
        "invoice_address_country": firm.country,
    }


def _csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


async def _reached(world: World, path: str, status: str) -> Answer:
    async def probe() -> Answer | None:
        answer = await world.identity.call("GET", path, token=world.staff)
        expect(answer["status"] != "failed", f"the import failed: {answer.body}")
        return answer if answer["status"] == status else None

    return await until(f"an import that is {status}", probe)


async def _of_old_system(world: World, firm: Firm) -> list[dict[str, Any]]:
    """Companies with the VAT number of this firm that came in a file."""
    query = {"vat_number": firm.numbers.vat}
    page = await world.identity.call("GET", "/companies", token=world.staff, query=query)
    return [company for company in page["items"] if company["storefront"] == COUNTER]


async def own_companies(world: World, part: Part, own_id: str, other_id: str) -> None:
    person = world.cast.colleagues[1]
    async with part.step(person.name, "sees her own companies alone; another is not there for her", "identity") as step:
        page = await world.identity.call("GET", "/companies", token=world.representative)
        seen = [company["id"] for company in page["items"]]
        expect(seen == [own_id], f"she sees {seen}")
        path = f"/companies/{other_id}"
        await world.identity.refused(404, "not-found", "GET", path, token=world.representative)
        step.note(page["items"][0]["legal_name"])
    async with part.step(person.name, "orders for her own, and not for another", "orders") as step:
        other = cart_for(world, other_id)
        await world.pricing.refused(404, "not-found", "POST", "/priced-carts", token=world.representative, body=other)
        await _order_for(world, step, own_id, by=world.representative)


async def _order_for(world: World, step: Step, company_id: str, *, by: str) -> str:
    """On its behalf. The order's id."""
    cart = cart_for(world, company_id)

    async def priced() -> Answer | None:
        answer = await world.pricing.send("POST", "/priced-carts", token=by, body=cart)
        return answer if answer.status == 201 else None

    signed = (await until("pricing knows the company and its prices", priced))["signed"]

    async def ordered() -> Answer | None:
        answer = await world.orders.send("POST", "/orders", token=by, body=order_body(signed, "provider"))
        return answer if answer.status == 201 else None

    order = await until("orders knows the company", ordered)
    step.event("orders.order.placed", order["order_id"])
    step.note(order["number"])
    return str(order["order_id"])


async def merge_duplicate(world: World, part: Part, duplicate_id: str, into_id: str) -> None:
    name = world.cast.caterer.legal_name
    async with part.step("staff", f"orders for the second {name}, which came in the file", "orders") as step:
        body = {"assignee_kind": "company", "assignee": duplicate_id, "price_list": world.lists.wholesale}
        await world.pricing.call("POST", "/terms", token=world.staff, body=body)
        order_id = await _order_for(world, step, duplicate_id, by=world.staff)
    path = f"/companies/{duplicate_id}/merge"
    async with part.step("staff", "finds the duplicate, and reads what merging it would do", "identity") as step:
        vat = {"vat_number": world.cast.caterer.numbers.vat, "status": "enabled"}
        found = await world.identity.call("GET", "/companies", token=world.staff, query=vat)
        expect([one["id"] for one in found["items"]] == [into_id], "the company that remains is not found")
        preview = await world.identity.call("GET", path, token=world.staff, query={"into": into_id})
        expect(preview["hindrances"] == [], f"it is hindered: {preview['hindrances']}")
        keys = preview["external_keys_taken_over"]
        expect(keys == ["legacy"], f"keys taken over are {keys}")
        step.note(
            f"{preview['duplicate']['number']} becomes {preview['into']['number']}, with the key of the old system"
        )
    async with part.step("staff", "merges it: its order is found at the company that remains", "orders") as step:
        body = {"into": into_id, "price_lists": "leave"}
        await world.identity.call("POST", path, token=world.staff, body=body)
        step.event("identity.company.merged", duplicate_id)

        async def there() -> bool | None:
            page = await world.orders.call("GET", "/orders", token=world.staff, query={"company_id": into_id})
            return True if order_id in [one["order_id"] for one in page["items"]] else None

        await until("orders knows of the merge", there)
        left = await world.identity.call("GET", f"/companies/{duplicate_id}/status", token=world.staff)
        expect((left["status"], left["allowed"]) == ("merged", []), f"it is {left.body}")


async def erase(world: World, part: Part, people: People) -> None:
    """The buyer, whose orders stay."""
    buyer, staff = people.buyer, world.staff
    me = await world.identity.call("GET", "/me", token=buyer.token)
    contact = f"/contacts/{me['member']['contact_id']}"
    async with part.step("staff", f"tells {buyer.person.name} all that is kept of him", "identity") as step:
        told = await world.identity.call("GET", f"{contact}/personal-data", token=staff)
        expect(told["contact"]["email"] == buyer.person.email, "it is not his")
        kinds = ("members", "invitations", "sessions")
        expect(all(told[kind] for kind in kinds), "something is missing")
        step.note(", ".join(f"{len(told[kind])} {kind}" for kind in kinds))
    async with part.step("staff", "erases him: not while he is a member, and then for good", "identity") as step:
        await world.identity.refused(409, "person-in-use", "POST", f"{contact}/erase", token=staff)
        path = f"/members/{buyer.member_id}"
        await world.identity.call("DELETE", path, token=people.administrator.token)
        step.event("identity.member.removed", buyer.member_id)
        await world.identity.call("POST", f"{contact}/erase", token=staff)
        step.event("identity.contact.erased", contact.rpartition("/")[2])
        left = await world.identity.call("GET", contact, token=staff)
        expect(buyer.person.name not in str(left.body), "his name is there still")
        step.note(f"his name is now “{left['name']}”")
    async with part.step("staff", "still finds his orders, which are the company's", "orders") as step:
        query = {"member_id": buyer.member_id}
        page = await world.orders.call("GET", "/orders", token=staff, query=query)
        expect(len(page["items"]) == 4, f"{len(page['items'])} orders are left")
        step.note(", ".join(one["number"] for one in page["items"]))
