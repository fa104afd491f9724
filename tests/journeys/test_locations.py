"""ID-18: a company has establishments; a member acts for one, several or all of them."""

from dataclasses import replace
from uuid import uuid4

import pytest
from demo.story.cast import Person

from tests.journeys.people import join
from tests.journeys.trading import Trade, refusal
from tests.waiting import eventually

ADDRESS = {"line1": "Kade 1", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"}


@pytest.fixture
async def shops(trade: Trade) -> list[str]:
    """Two locations of the company, known to orders."""
    company, opened = trade.company, []
    path = f"/companies/{company.company_id}/locations"
    for name in ("north", "south"):
        body = {"code": f"{name}-{uuid4().hex[:8]}", "name": name.title(), "address": ADDRESS}
        answer = await trade.send("identity", "POST", path, by=company.administrator, body=body)
        assert answer.status_code == 201, answer.text
        opened.append(answer.json()["location_id"])
        again = await trade.send("identity", "POST", path, by=company.administrator, body=body)
        assert refusal(again) == (409, "location-exists")
    known = [one["location_id"] for one in (await trade.ask("identity", path, company.buyer))["items"]]
    assert set(opened) <= set(known)
    return opened


def newcomer(trade: Trade) -> Person:
    return replace(trade.world.cast.caterer.people[3], email=f"{uuid4().hex}@firm.example")


async def a_member(trade: Trade, *locations: str, role: str = "user"):
    """Whom the administrator invited for these locations; everywhere known."""
    member = await join(trade.world, trade.company.administrator, newcomer(trade), role=role, locations=list(locations))
    await trade.arrived(member)
    return member


async def ordered(trade: Trade, by, **body):
    return await trade.submit(by, (await trade.cart(by))["signed"], **body)


async def for_location(trade: Trade, by, location: str):
    """An order that names it, as soon as orders knows it."""

    async def probe():
        answer = await ordered(trade, by, location_id=location)
        return answer if answer.status_code == 201 else None

    return (await eventually(probe, what="an order for the location")).json()


async def test_a_member_orders_for_his_locations_and_sees_theirs_alone(trade, shops):
    north, south = shops
    company = trade.company
    member = await a_member(trade, north)
    elsewhere = await for_location(trade, company.administrator, south)
    answer = await ordered(trade, member)
    assert answer.status_code == 201, answer.text
    own = await trade.ask("orders", f"/orders/{answer.json()['order_id']}", member)
    assert own["location_id"] == north, "the only one that he acts for"
    assert refusal(await ordered(trade, member, location_id=south)) == (403, "location-not-yours")
    for unknown in (str(uuid4()), await _of_another_company(trade)):
        assert refusal(await ordered(trade, company.administrator, location_id=unknown)) == (422, "location-unknown")

    path = f"/members/{member.member_id}"
    version = next(
        one["version"]
        for one in (await trade.ask("identity", f"/companies/{company.company_id}/members", company.administrator))[
            "items"
        ]
        if one["member_id"] == member.member_id
    )
    change = {"permissions": ["buy", "see_prices", "see_all_orders"], "locations": [north]}
    changed = await trade.send(
        "identity", "PATCH", path, by=company.administrator, body=change, If_Match=f'"{version}"'
    )
    assert changed.status_code == 200, changed.text
    here = await for_location(trade, company.administrator, north)

    async def sees_them():
        return here["order_id"] in await trade.overview(member)

    await eventually(sees_them, what="he sees the orders for his location")
    assert elsewhere["order_id"] not in await trade.overview(member)
    hidden = await trade.send("orders", "GET", f"/orders/{elsewhere['order_id']}", by=member)
    assert refusal(hidden) == (404, "not-found")
    found = await trade.overview(company.administrator, f"&location_id={north}")
    assert {own["order_id"], here["order_id"]} <= set(found)
    assert elsewhere["order_id"] not in found


async def test_who_acts_for_several_locations_names_one(trade, shops):
    member = await a_member(trade, *shops)
    assert refusal(await ordered(trade, member)) == (422, "location-not-named")
    assert (await ordered(trade, member, location_id=shops[1])).status_code == 201


async def test_nobody_gives_locations_that_are_not_his_and_a_closed_one_takes_no_orders(trade, shops):
    north, south = shops
    company = trade.company
    stranger = await _of_another_company(trade)
    path = f"/companies/{company.company_id}/invitations"
    invitee = {"name": "Noor Smit", "email": f"{uuid4().hex}@firm.example", "language": "en"}
    body = {"invitees": [invitee], "role": "user", "locations": [stranger]}
    assert refusal(await trade.send("identity", "POST", path, by=company.administrator, body=body)) == (
        422,
        "location-unknown",
    )
    manager = await a_member(trade, north, role="administrator")
    for locations in (None, [south], [north, south]):
        wider = body | {"invitees": [invitee | {"email": f"{uuid4().hex}@firm.example"}], "locations": locations}
        answer = await trade.send("identity", "POST", path, by=manager, body=wider)
        assert refusal(answer) == (403, "location-not-yours")
    closing = f"/locations/{north}/close"
    assert refusal(await trade.send("identity", "POST", closing, by=manager)) == (403, "location-not-yours")
    assert refusal(await trade.send("identity", "POST", closing, by=trade.stranger)) == (404, "not-found")
    closed = await trade.send("identity", "POST", closing, by=company.administrator)
    again = await trade.send("identity", "POST", closing, by=company.administrator)
    assert closed.json()["closed_at"] == again.json()["closed_at"]

    async def refused():
        return (await ordered(trade, manager)).status_code == 422

    await eventually(refused, what="orders knows that it is closed")
    assert refusal(await ordered(trade, manager)) == (422, "location-unknown")


async def _of_another_company(trade: Trade) -> str:
    body = {"code": f"depot-{uuid4().hex[:8]}", "name": "Depot", "address": ADDRESS}
    path = f"/companies/{trade.stranger.company_id}/locations"
    answer = await trade.send("identity", "POST", path, by=trade.world.staff, body=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["location_id"]
