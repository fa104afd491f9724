"""Submitting over HTTP on a real database: what a cart must be, what an order becomes, and what is refused with which code."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import event

from chassis import clock
from chassis.ids import new_id
from contracts.identity.values import CustomerStatus, Permission
from contracts.shared.values import Money
from tests.orders.samples import euro
from tests.orders.world import Signer, code

MAX_STATEMENTS = 8


async def test_an_order_is_submitted_and_placed_with_its_references(world):
    who = await world.buyer(await world.company())
    answer = await world.submit(
        who,
        world.cart(who.company_id, who.member_id, lines=3),
        order_reference="PO 7",
        cost_centre="4711",
        line_references={"2": "for room 12"},
        wanted_on="2030-01-02",
    )
    assert answer.status_code == 201
    body = answer.json()
    assert body["status"] == "placed"
    assert body["number"].startswith("O-")
    read = (await world.http.get(answer.headers["Location"], headers=who.headers)).json()
    assert (read["order_reference"], read["cost_centre"], read["wanted_on"]) == ("PO 7", "4711", "2030-01-02")
    assert [line["reference"] for line in read["order_lines"]] == [None, "for room 12", None]
    assert read["total"] == {"amount": "36.30", "currency": "EUR"}
    assert read["attestation"] is None
    assert await world.published(body["order_id"]) == ["submitted", "placed"]
    assert (await world.states(body["order_id"]))[-1]["status"] == "placed"


async def test_an_invoice_order_is_placed_and_confirmed_at_once_where_the_company_may(world):
    who = await world.buyer(await world.company(pays_by_invoice=True))
    answer = await world.submit(who, payment="invoice")
    assert answer.json()["status"] == "confirmed"
    assert await world.published(answer.json()["order_id"]) == ["submitted", "placed", "confirmed"]
    other = await world.buyer(await world.company())
    assert code(await world.submit(other, payment="invoice")) == (403, "invoice-not-allowed")


async def test_whether_an_invoice_order_is_confirmed_at_once_is_policy(world):
    document = {"confirm_invoice_orders_at_once": False}
    changed = await world.http.put("/v1/policies/placement", json=document, headers={**world.staff, "If-Match": '"0"'})
    assert changed.status_code == 200
    who = await world.buyer(await world.company(pays_by_invoice=True))
    assert (await world.submit(who, payment="invoice")).json()["status"] == "placed"


async def test_a_cart_must_be_pricings_own_valid_and_the_buyers(world):
    company = await world.company()
    who, other = await world.buyer(company), await world.buyer(company)
    stranger = await world.buyer(await world.company())
    cart = world.cart(company, who.member_id)
    header, _, signature = world.signed(cart).split(".")
    forged = ".".join(
        (header, world.signed(cart.model_copy(update={"total": euro(1).amount})).split(".")[1], signature)
    )
    for signed, expected in {
        "nonsense": (422, "priced-cart-malformed"),
        forged: (422, "priced-cart-forged"),
        world.pricing.sign(b"{}"): (422, "priced-cart-malformed"),
        world.signed(cart.model_copy(update={"total": euro("0.01").amount})): (422, "priced-cart-malformed"),
        world.signed(cart.model_copy(update={"expires_at": clock.now() - timedelta(seconds=1)})): (
            422,
            "priced-cart-expired",
        ),
        world.signed(world.cart(company, other.member_id)): (403, "priced-cart-not-yours"),
        world.signed(world.cart(stranger.company_id, stranger.member_id)): (403, "priced-cart-not-yours"),
        world.signed(world.cart(company, None)): (403, "priced-cart-not-yours"),
        Signer(type(world.pricing.state)).sign(cart.model_dump_json().encode()): (422, "priced-cart-forged"),
    }.items():
        assert code(await world.submit_signed(who.headers, signed)) == expected
    identity_signed = world.identity.sign(cart.model_dump_json().encode())
    assert code(await world.submit_signed(who.headers, identity_signed)) == (422, "priced-cart-forged")
    assert await world.used(company) is None
    assert (await world.submit(who, cart)).status_code == 201
    assert code(await world.submit(who, cart)) == (409, "priced-cart-used")
    assert await world.used(company) == "12.10"


async def test_terms_and_line_references_are_checked(world):
    who = await world.buyer(await world.company())
    refused = await world.submit(who, terms_accepted=False)
    assert code(refused) == (422, "terms-not-accepted")
    assert refused.json()["errors"][0]["pointer"] == "/terms_accepted"
    refused = await world.submit(who, line_references={"1": "a", "9": "b"})
    assert code(refused) == (422, "line-unknown")
    assert refused.json()["errors"][0]["pointer"] == "/line_references/9"
    assert code(await world.submit(who, surprise=1)) == (422, "invalid-request")
    assert code(await world.submit(who, payment="barter")) == (422, "invalid-request")


async def test_a_caller_without_token_orders_nothing(world):
    who = await world.buyer(await world.company())
    signed = world.signed(world.cart(who.company_id, who.member_id))
    assert code(await world.submit_signed({}, signed)) == (401, "token-missing")
    assert code(await world.submit_signed({"Authorization": "Bearer x.y.z"}, signed)) == (401, "token-invalid")
    foreign = Signer(type(world.identity.state)).token({"kind": "staff", "sub": str(new_id())})
    assert code(await world.submit_signed({"Authorization": f"Bearer {foreign}"}, signed)) == (401, "token-invalid")


async def test_refusals_say_why(world):
    company = await world.company()
    onlooker = await world.member(company, Permission.SEE_PRICES)
    assert code(await world.submit(onlooker)) == (403, "member-may-not-buy")
    who = await world.buyer(company)
    await world.company(CustomerStatus.DISABLED, company_id=company)
    assert code(await world.submit(who)) == (403, "customer-disabled")
    assert code(await world.http.get("/v1/orders", headers=who.headers)) == (403, "customer-disabled")
    await world.company(company_id=company)
    assert (await world.submit(who)).status_code == 201
    await world.buyer(company, member_id=who.member_id, contact_id=who.contact_id, active=False)
    assert code(await world.submit(who)) == (403, "member-inactive")


async def test_staff_order_on_behalf_where_the_status_allows_it(world):
    company = await world.company(CustomerStatus.NOT_INVITED)
    answer = await world.submit_signed(world.staff, world.signed(world.cart(company, None)))
    assert answer.status_code == 201
    read = (await world.http.get(answer.headers["Location"], headers=world.staff)).json()
    assert read["on_behalf"] is True
    assert read["member_id"] is None
    rejected = await world.company(CustomerStatus.REJECTED)
    refused = await world.submit_signed(world.staff, world.signed(world.cart(rejected, None)))
    assert code(refused) == (403, "customer-rejected")
    assert refused.json()["customer_status"] == "rejected"
    of_member = await world.buyer(await world.company())
    cart = world.signed(world.cart(of_member.company_id, of_member.member_id))
    assert code(await world.submit_signed(world.staff, cart)) == (403, "priced-cart-not-yours")


async def test_five_parallel_posts_with_one_cart_make_one_order(world):
    who = await world.buyer(await world.company(), always_attested=True)
    cart = world.cart(who.company_id, who.member_id)
    answers = await asyncio.gather(*(world.submit(who, cart) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    listed = (await world.http.get("/v1/orders", headers=who.headers)).json()["items"]
    assert len(listed) == 1
    assert await world.used(who.company_id) == "12.10"


async def test_a_repeated_request_with_one_key_gets_the_first_answer(world):
    who = await world.buyer(await world.company())
    signed = world.signed(world.cart(who.company_id, who.member_id))
    headers = {**who.headers, "Idempotency-Key": "once"}
    first, second = await world.submit_signed(headers, signed), await world.submit_signed(headers, signed)
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("lines", [20, 1_000])
async def test_any_number_of_lines_takes_the_same_few_statements(world, lines):
    who = await world.buyer(await world.company())
    await world.submit(who)
    statements: list[str] = []

    @event.listens_for(world.database.engine.sync_engine, "before_cursor_execute")
    def count(_connection, _cursor, statement, *_) -> None:
        statements.append(statement)

    answer = await world.submit(who, world.cart(who.company_id, who.member_id, lines=lines))
    assert answer.status_code == 201
    assert len(statements) <= MAX_STATEMENTS, statements


async def test_a_currency_that_no_limit_is_in_is_over_it(world):
    company = await world.company()
    limits = {"per_month": Money(amount=euro(1000).amount, currency="SEK").model_dump(mode="json")}
    headers = {**world.staff, "If-Match": '"0"'}
    assert (await world.http.put(f"/v1/limits/companies/{company}", json=limits, headers=headers)).status_code == 200
    assert code(await world.submit(await world.buyer(company))) == (403, "company-limit-exceeded")
