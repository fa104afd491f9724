"""ID-19: who may enter a storefront is decided at sign-in, for prices and for orders; a change counts everywhere at once."""

from dataclasses import replace

from tests.journeys.trading import Trade, refusal
from tests.waiting import eventually

CLOSED = (403, "storefront-closed-to-group")


async def change(trade: Trade, code: str, **values):
    answer = await trade.send(
        "identity", "PATCH", f"/storefronts/{code}", by=trade.world.staff, body=values, If_Match="*"
    )
    assert answer.status_code == 200, answer.text


async def enter(trade: Trade, code: str):
    person = trade.company.administrator.person
    body = {"kind": "member", "email": person.email, "password": person.password, "storefront": code}
    return await trade.send("identity", "POST", "/sessions", body=body)


async def test_a_storefront_that_closes_to_a_group_closes_in_every_service(trade):
    code = f"outlet-{trade.article}"
    outlet = {"code": code, "name": "The outlet", "access": "public"}
    made = await trade.send("identity", "POST", "/storefronts", by=trade.world.staff, body=outlet)
    assert made.status_code == 201, made.text
    entered = (await enter(trade, code)).json()
    member = replace(trade.company.administrator, token=entered["access_token"])
    await trade.arrived(member)
    cart, other = [(await trade.cart(member))["signed"] for _ in range(2)]

    async def ordered():
        return (await trade.submit(member, cart)).status_code == 201

    await eventually(ordered, what="an order at the storefront")
    await change(trade, code, access="closed")
    assert refusal(await enter(trade, code)) == CLOSED
    renewal = {"refresh_token": entered["refresh_token"]}
    assert refusal(await trade.send("identity", "POST", "/sessions/refresh", body=renewal)) == CLOSED
    prices = {"articles": [trade.article]}

    async def closed():
        shown = await trade.send("pricing", "POST", "/prices", by=member, body=prices)
        return shown.status_code == 403 and (await trade.submit(member, other)).status_code == 403

    await eventually(closed, what="prices and orders know that it is closed")
    assert refusal(await trade.send("pricing", "POST", "/prices", by=member, body=prices)) == CLOSED
    assert refusal(await trade.submit(member, other)) == CLOSED
    assert (await trade.cart(trade.company.administrator))["signed"], "his own storefront is open to him"
