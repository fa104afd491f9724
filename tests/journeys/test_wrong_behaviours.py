"""What must never happen to a company that buys, tried over HTTP: each is refused, by a clear answer.

Those that take several requests at one moment: `test_wrong_behaviours_at_one_moment.py`.
"""

import asyncio
import base64
import json
from uuid import uuid4

from demo.story.part1_shop import COUNTER, WEBSHOP
from demo.story.part2_applications import application_body
from demo.story.part5_orders import Order, wait_for_order
from demo.story.sessions import credentials

from tests.journeys.people import join
from tests.journeys.trading import PRICE, TOTAL, put_price, refusal
from tests.waiting import eventually

DECISIONS = ("attest", "decline", "withdraw")
NOT_WAITING = (409, "order-not-awaiting-attestation")


async def test_an_order_that_needs_attestation_waits_for_one_who_is_asked(trade):
    """OR-02, OR-04, OR-08: whatever it is paid by, and whoever tries to move it on meanwhile."""
    company, attester = trade.company, trade.company.attester
    for payment in ("provider", "invoice"):
        it = await trade.order(company.buyer, payment=payment)
        await trade.world.mailbox.mail(attester.person.email, "attestation-requested", about=it.number)
        detail = await trade.ask("orders", it.path, company.buyer)
        [asking] = detail["attestation"]["asked"]
        able = {attester.member_id, company.administrator.member_id}
        assert {one["member_id"] for one in asking["members"]} == able
        confirmed = await trade.send("orders", "POST", f"{it.path}/confirm", by=trade.world.staff)
        assert refusal(confirmed) == (409, "order-not-placed")
        assert refusal(await trade.attest(it, company.buyer)) == (403, "order-own-attestation")
        assert refusal(await trade.attest(it, trade.world.staff)) == (403, "order-not-with-merchant")
        after = await trade.ask("orders", it.path, company.buyer)
        assert (after["status"], after["placed_at"]) == ("awaiting_attestation", None)


async def test_an_order_that_nobody_in_the_company_may_attest_waits_for_the_merchant(trade):
    """OR-05: a sole administrator who must be attested does not say yes to himself, and is not let through."""
    it = await trade.order(trade.stranger)
    detail = await trade.ask("orders", it.path, trade.stranger)
    assert (detail["attestation"]["asked_of"], detail["attestation"]["may_decide"]) == ("merchant", [])
    assert refusal(await trade.attest(it, trade.stranger)) == (403, "order-own-attestation")
    assert (await trade.attest(it, trade.world.staff)).status_code == 200
    await wait_for_order(trade.world, it, "placed")


async def test_a_declined_order_is_not_attested_afterwards(trade):
    """OR-04: by nobody, and nothing else brings it back either."""
    it, company = await trade.order(trade.company.buyer), trade.company
    assert (await trade.decline(it, company.attester)).json()["status"] == "declined"
    for who in (company.attester, company.administrator):
        assert refusal(await trade.attest(it, who)) == NOT_WAITING
    assert refusal(await trade.attest(it, trade.world.staff)) == (403, "order-not-with-merchant")
    withdrawn = await trade.send("orders", "POST", f"{it.path}/withdraw", by=company.buyer)
    assert refusal(withdrawn) == NOT_WAITING
    confirmed = await trade.send("orders", "POST", f"{it.path}/confirm", by=trade.world.staff)
    assert refusal(confirmed) == (409, "order-not-placed")
    assert await trade.world.processes.end_of(it.process) == "COMPLETED"
    assert (await trade.ask("orders", it.path, company.buyer))["status"] == "declined"


async def test_nobody_of_another_company_decides(trade):
    """OR-04: a foreign order looks like one that does not exist."""
    it = await trade.order(trade.company.buyer)
    answers = []
    for path in (it.path, f"/orders/{uuid4()}"):
        for decision in DECISIONS:
            body = {"reason": "no"} if decision == "decline" else None
            answers.append(await trade.send("orders", "POST", f"{path}/{decision}", by=trade.stranger, body=body))
        answers.append(await trade.send("orders", "GET", path, by=trade.stranger))
    assert {refusal(answer) for answer in answers} == {(404, "not-found")}
    assert len({answer.text for answer in answers}) == 1
    assert (await trade.ask("orders", it.path, trade.company.buyer))["status"] == "awaiting_attestation"


async def test_what_was_attested_at_83_64_is_not_placed_at_45183_64(trade):
    """OR-07: prices that rise while the company decides are those of the next order, which is another decision."""
    company, world = trade.company, trade.world
    it = await trade.order(company.buyer)
    before = await _spent(trade)
    seen = await trade.ask("orders", it.path, company.attester)
    assert seen["total"]["amount"] == TOTAL
    try:
        await put_price(trade, "37341.85")
        assert (await trade.cart(company.buyer))["cart"]["total"] == "45183.64"
        assert (await trade.attest(it, company.attester)).status_code == 200
        await wait_for_order(world, it, "placed")
    finally:
        await put_price(trade, PRICE)
    placed = await trade.ask("orders", it.path, world.staff)
    assert [placed[name] for name in ("total", "net", "vat", "order_lines")] == [
        seen[name] for name in ("total", "net", "vat", "order_lines")
    ]
    assert await _spent(trade) == before


async def _spent(trade) -> str:
    """Of the company's month, reserved or spent."""
    limits = await trade.ask("orders", f"/limits/companies/{trade.company.company_id}", trade.world.staff)
    [use] = limits["this_month"]
    return f"{float(use['reserved']) + float(use['spent']):.2f}"


async def test_lines_and_quantities_do_not_change_while_the_decision_is_pending(trade):
    """OR-07: there is no way to change them; the cart that they came from is used, and another is another order."""
    buyer, attester = trade.company.buyer, trade.company.attester
    cart = await trade.cart(buyer)
    answer = (await trade.submit(buyer, cart["signed"])).json()
    it = Order(answer["order_id"], answer["number"])
    lines = (await trade.ask("orders", it.path, attester))["order_lines"]
    more = {"lines": [{"line": 1, "article": trade.article, "quantity": "540"}], "line_references": {"1": "more"}}
    for who in (buyer, trade.company.administrator, trade.world.staff):
        for method in ("PUT", "PATCH", "DELETE", "POST"):
            for path in (it.path, f"{it.path}/lines", f"{it.path}/lines/1"):
                tried = await trade.send("orders", method, path, by=who, body=more, If_Match="*")
                assert refusal(tried) in {(404, "not-found"), (405, "method-not-allowed")}, (method, path)
    again = await trade.submit(buyer, cart["signed"], line_references={"1": "more"})
    assert refusal(again) == (409, "priced-cart-used")
    assert refusal(await trade.submit(buyer, _with_quantity(cart["signed"], "540"))) == (422, "priced-cart-forged")
    assert (await trade.attest(it, attester, body=more)).status_code == 200
    await wait_for_order(trade.world, it, "placed")
    assert (await trade.ask("orders", it.path, attester))["order_lines"] == lines


def _with_quantity(signed: str, quantity: str) -> str:
    head, body, signature = signed.split(".")
    cart = json.loads(base64.urlsafe_b64decode(body + "=="))
    cart["lines"][0]["quantity"] = quantity
    return ".".join((head, _encoded(cart), signature))


def _encoded(document: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


async def test_no_operation_changes_an_order_but_its_decisions(trade):
    """OR-02, OR-07: one that is added here must be tried above."""
    described = (await trade.world.orders.http.get(f"{trade.stack.services['orders']}/openapi.json")).json()
    writing = {
        (method, path.removeprefix("/v1/orders"))
        for path, methods in described["paths"].items()
        if path.startswith("/v1/orders")
        for method in methods.keys() - {"get"}
    }
    decisions = {("post", f"/{{order_id}}/{one}") for one in (*DECISIONS, "confirm", "cancel")}
    assert writing == {("post", ""), *decisions}


async def test_without_a_token_nobody_orders_in_the_name_of_a_company(trade):
    """OR-01, ID-23: nor with a made-up one, nor with one that says less; not even again what was done before."""
    buyer, orders = trade.company.buyer, trade.company.administrator
    cart, key = (await trade.cart(buyer))["signed"], str(uuid4())
    answer = (await trade.submit(buyer, cart, key=key)).json()
    it = Order(answer["order_id"], answer["number"])
    before = await trade.overview(orders)
    unused = (await trade.cart(buyer))["signed"]
    for token, code in _tokens_of_nobody(trade, unused):
        requests = (
            trade.submit(token, unused),
            trade.submit(token, cart, key=key),
            trade.attest(it, token),
            trade.decline(it, token),
            trade.send("orders", "POST", f"{it.path}/withdraw", by=token),
            trade.send("orders", "POST", f"{it.path}/confirm", by=token),
            trade.send("orders", "POST", f"{it.path}/cancel", by=token, body={"reason": "no"}),
            trade.send("pricing", "POST", "/priced-carts", by=token, body={"currency": "EUR", "lines": []}),
        )
        for answer in await asyncio.gather(*requests):
            assert refusal(answer) == (401, code)
    for other in (trade.stranger, trade.company.attester, trade.world.staff):
        assert refusal(await trade.submit(other, unused)) == (403, "priced-cart-not-yours")
    assert await trade.overview(orders) == before


def _tokens_of_nobody(trade, signed: str) -> list[tuple[str | None, str]]:
    """With the code that each is refused with."""
    head, body, signature = trade.stranger.token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims |= {"company": trade.company.company_id, "member": trade.company.buyer.member_id}
    unsigned = _encoded({"alg": "none"})
    return [
        (None, "token-missing"),
        ("anybody", "token-invalid"),
        (f"{head}.{_encoded(claims)}.{signature}", "token-invalid"),  # his own, with the other company's name
        (f"{unsigned}.{_encoded(claims)}.", "token-invalid"),
        (signed, "token-invalid"),  # signed by pricing, which signs no tokens
        (trade.stranger.refresh_token, "token-invalid"),
    ]


async def test_every_order_is_in_the_overview_of_its_company_and_of_no_other(trade):
    """OR-10, OR-12: whoever submitted it, however it ended, and though its member has left."""
    company, world = trade.company, trade.world
    leaver = await join(world, company.administrator, world.cast.caterer.people[4], role="user")
    await trade.arrived(leaver)
    mine = [await trade.order(company.buyer) for _ in range(3)]
    await trade.decline(mine[0], company.attester)
    await trade.send("orders", "POST", f"{mine[1].path}/withdraw", by=company.buyer)
    others = [
        await trade.order(company.administrator, "confirmed", payment="invoice"),
        await trade.order(world.staff, "placed"),
        await trade.order(leaver, "placed"),
    ]
    await trade.send("orders", "POST", f"{others[1].path}/cancel", by=world.staff, body={"reason": "out-of-stock"})
    removed = await trade.send("identity", "DELETE", f"/members/{leaver.member_id}", by=company.administrator)
    assert removed.status_code == 204
    submitted = {it.order_id for it in (*mine, *others)}
    seen = await trade.overview(company.administrator)
    assert submitted <= set(seen)
    assert len(seen) == len(set(seen))
    assert set(seen) == set(await trade.overview(world.staff, f"&company_id={company.company_id}"))
    assert set(seen).isdisjoint(await trade.overview(trade.stranger))
    own = set(await trade.overview(company.buyer))
    assert {it.order_id for it in mine} <= own < set(seen)


async def test_a_refusal_by_policy_is_no_error_of_ours(trade):
    """ID-06, ID-13, ID-15, ID-16, OR-03, OR-06, PR-04: what the merchant's rules forbid is refused with their code."""
    world, company, stranger = trade.world, trade.company, trade.stranger
    closed = application_body(world.cast.silent, COUNTER, with_password=False)
    own_domain = application_body(world.cast.silent, WEBSHOP, with_password=False)
    own_domain["applicant"]["email"] = f"somebody@{world.staff_account.email.partition('@')[2]}"
    firm = world.cast.brasserie
    body = {**firm.record(), "language": firm.language, "storefront": WEBSHOP}
    unknown = (await world.identity.call("POST", "/companies", token=world.staff, body=body))["company_id"]
    for_unknown = {"currency": "EUR", "lines": [{"article": trade.article, "quantity": "1"}], "company_id": unknown}
    backwards = {"remind_after": "P1D", "escalate_after": "P9D", "merchant_after": "P8D", "expire_after": "P7D"}
    version = {"If_Match": '"1"'}
    people = {"invitees": [{"name": "A", "email": "a@b.example", "language": "nl"}], "role": "user"}
    his, his_cart = f"/members/{stranger.member_id}", (await trade.cart(stranger))["signed"]
    invitations = f"/companies/{company.company_id}/invitations"

    async def priced_for_unknown():
        """Refused for another reason until pricing has heard of the company."""
        answer = await trade.send("pricing", "POST", "/priced-carts", by=world.staff, body=for_unknown)
        return answer if answer.status_code not in (404, 503) else None

    refused = [
        (await trade.send("identity", "POST", "/applications", body=closed), 403, "registration-closed"),
        (await trade.send("identity", "POST", "/applications", body=own_domain), 422, "email-of-merchant"),
        (await eventually(priced_for_unknown), 403, "customer-none"),
        (
            await trade.send("orders", "PUT", "/policies/attestation", by=world.staff, body=backwards, **version),
            422,
            "invalid-request",
        ),
        (
            await trade.send("identity", "POST", invitations, by=company.attester, body=people),
            403,
            "permission-missing",
        ),
        (await trade.send("identity", "DELETE", his, by=stranger), 409, "last-administrator"),
        (await trade.submit(stranger, his_cart, payment="invoice"), 403, "invoice-not-allowed"),
        (await trade.submit(stranger, his_cart, terms_accepted=False), 422, "terms-not-accepted"),
        (await trade.send("orders", "GET", "/orders/export", by=stranger), 403, "staff-only"),
    ]
    for answer, status, code in refused:
        assert refusal(answer) == (status, code)


async def test_a_suspended_company_is_refused_everywhere_and_its_waiting_order_too(trade):
    """ID-12, OR-07: with a reason, and the process that was to place the order ends in good order."""
    world, company_id = trade.world, trade.stranger.company_id
    it = await trade.order(trade.stranger)
    cart = (await trade.cart(trade.stranger))["signed"]
    path = f"/companies/{company_id}"
    await world.identity.call("POST", f"{path}/suspend", token=world.staff, body={"reason": "Unpaid"})
    disabled = (403, "customer-disabled")
    try:
        for service in ("orders", "pricing"):
            await eventually(lambda one=service: _refuses(trade, one), what=f"{service} knows")
        assert refusal(await trade.submit(trade.stranger, cart)) == disabled
        body = credentials(trade.stranger.person, company_id)
        assert refusal(await trade.send("identity", "POST", "/sessions", body=body)) == disabled
        assert (await trade.attest(it, world.staff)).status_code == 200
        await wait_for_order(world, it, "refused")
        assert (await trade.ask("orders", it.path, world.staff))["reason"] == "customer-disabled"
        assert await world.processes.end_of(it.process) == "COMPLETED"
    finally:
        await world.identity.call("POST", f"{path}/reactivate", token=world.staff)
        await trade.arrived(trade.stranger)


async def _refuses(trade, service: str) -> bool:
    asked = ("GET", "/orders", None) if service == "orders" else ("POST", "/prices", {"articles": [trade.article]})
    method, path, body = asked
    answer = await trade.send(service, method, path, by=trade.stranger, body=body)
    return answer.status_code != 200 and refusal(answer) == (403, "customer-disabled")
