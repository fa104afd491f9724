"""Who sees which orders, how they are found, and what the merchant does with them (OR-10, OR-11)."""

import csv
import io
from typing import Any

from chassis.ids import new_id
from chassis.spreadsheets import cell_of
from contracts.identity.values import Permission
from orders.app import service
from tests.apis import described
from tests.orders.world import Person, World, code


async def numbers(world: World, who: dict[str, str], query: str = "") -> list[str]:
    answer = await world.http.get(f"/v1/orders{query}", headers=who)
    assert answer.status_code == 200, answer.text
    return [order["number"] for order in answer.json()["items"]]


async def ordered(world: World, who: Person, **body: Any) -> str:
    return (await world.submit(who, **body)).json()["number"]


async def test_everybody_sees_what_he_may_and_no_more(world):
    company = await world.company()
    administrator = await world.member(company, Permission.BUY, administers=True)
    all_seeing = await world.member(company, Permission.SEE_ALL_ORDERS)
    attester = await world.attester(company)
    first, second = await world.buyer(company), await world.buyer(company, always_attested=True)
    blind = await world.member(company, Permission.BUY)
    one, two, three = await ordered(world, first), await ordered(world, second), await ordered(world, administrator)
    foreign = await ordered(world, await world.buyer(await world.company()))
    assert await numbers(world, administrator.headers) == [three, two, one]
    assert await numbers(world, administrator.headers, "?scope=own") == [three]
    assert await numbers(world, all_seeing.headers) == [three, two, one]
    assert await numbers(world, first.headers) == await numbers(world, first.headers, "?scope=own") == [one]
    assert await numbers(world, attester.headers) == [two]
    assert await numbers(world, blind.headers) == []
    assert await numbers(world, world.staff) == [foreign, three, two, one]
    assert await numbers(world, world.staff, f"?company_id={company}") == [three, two, one]
    assert await numbers(world, first.headers, f"?company_id={new_id()}") == []


async def test_found_by_number_reference_and_status(world):
    who = await world.buyer(await world.company())
    one = await ordered(world, who, order_reference="PO 50% (a_b)")
    two = await ordered(world, who, order_reference="project X")
    assert await numbers(world, who.headers, f"?search={one.lower()}") == [one]
    assert await numbers(world, who.headers, "?search=50%25") == [one]
    assert await numbers(world, who.headers, "?search=%25") == [one]
    assert await numbers(world, who.headers, "?search=PROJECT") == [two]
    assert await numbers(world, who.headers, "?status=declined") == []
    assert code(await world.http.get("/v1/orders?status=lost", headers=who.headers))[0] == 422


async def test_pages_follow_each_other(world):
    who = await world.buyer(await world.company())
    made = [await ordered(world, who) for _ in range(5)]
    seen, cursor = [], ""
    while True:
        answer = (await world.http.get(f"/v1/orders?limit=2{cursor}", headers=who.headers)).json()
        seen += [order["number"] for order in answer["items"]]
        if not answer["next"]:
            break
        cursor = f"&cursor={answer['next']}"
    assert seen == made[::-1]
    assert code(await world.http.get("/v1/orders?cursor=rubbish", headers=who.headers)) == (422, "cursor-invalid")


async def test_the_merchant_confirms_and_cancels(world):
    who = await world.buyer(await world.company())
    order_id = (await world.submit(who)).json()["order_id"]
    assert code(await world.post(who.headers, f"/v1/orders/{order_id}/confirm")) == (403, "staff-only")
    assert (await world.post(world.staff, f"/v1/orders/{order_id}/confirm")).json()["status"] == "confirmed"
    assert (await world.post(world.staff, f"/v1/orders/{order_id}/confirm")).status_code == 200
    cancelled = await world.post(world.staff, f"/v1/orders/{order_id}/cancel", {"reason": "out-of-stock"})
    assert cancelled.json()["status"] == "cancelled"
    refused = await world.post(world.staff, f"/v1/orders/{order_id}/confirm")
    assert code(refused) == (409, "order-not-placed")
    assert refused.json()["order_status"] == "cancelled"
    assert await world.published(order_id) == ["submitted", "placed", "confirmed", "cancelled"]


async def test_an_export_holds_every_line_and_no_formula(world):
    who = await world.buyer(await world.company())
    cart = world.cart(who.company_id, who.member_id, lines=2)
    number = (
        await world.submit(who, cart, order_reference="=HYPERLINK(1)", cost_centre="@x", line_references={"2": "-1+2"})
    ).json()["number"]
    export = await world.http.get("/v1/orders/export", headers=world.staff)
    assert export.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(export.text)))
    assert [(row["number"], row["line"], row["reference"]) for row in rows] == [
        (number, "1", ""),
        (number, "2", "'-1+2"),
    ]
    assert rows[0]["order_reference"] == "'=HYPERLINK(1)"
    assert rows[0]["cost_centre"] == "'@x"
    assert rows[0]["payment"] == "provider"
    assert code(await world.http.get("/v1/orders/export", headers=who.headers)) == (403, "staff-only")


def test_cells_that_would_run_are_text():
    assert [cell_of(cell) for cell in ("=1", "+1", "-1", "@a", "\t=1", " =1", "plain", None, 5)] == [
        "'=1", "'+1", "'-1", "'@a", "'\t=1", "' =1", "plain", "", "5",
    ]  # fmt: skip


async def test_every_operation_refuses_whoever_it_is_not_for(world):
    """Nobody without a token; no member where only staff may; no staff where only a member may."""
    who = await world.buyer(await world.company())
    refused = {"staff": (who.headers, "staff-only"), "member": (world.staff, "members-only")}
    walked = 0
    for template, operations in described(service).openapi()["paths"].items():
        for method, operation in operations.items():
            path = template.replace("{order_id}", str(new_id())).replace("{company_id}", str(new_id()))
            body: Any = {} if method != "get" else None
            anonymous = await world.http.request(method.upper(), path, json=body)
            assert code(anonymous) == (401, "token-missing"), (method, path)
            access = operation["x-access"]
            if access in refused:
                headers, expected = refused[access]
                asked = await world.http.request(
                    method.upper(), path, json=body, headers={**headers, "If-Match": '"0"'}
                )
                assert code(asked) == (403, expected), (method, path)
            walked += 1
    assert walked >= 15
