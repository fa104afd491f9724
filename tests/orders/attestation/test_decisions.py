"""The company's decision over HTTP on a real database: who may, one wins, and budgets are given back with it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from chassis import clock
from chassis.ids import new_id
from contracts.identity.values import CustomerStatus
from contracts.orders.values import OrderStatus
from orders.attestation.commands import EscalateAttestation, do_if_possible, escalate_attestation
from orders.attestation.queries import expected_attestations
from orders.orders.commands import place_order
from orders.orders.models import Order
from tests.orders.world import code


async def waiting(world, **company):
    """A buyer who must be attested, an attester, and an order that waits."""
    company_id = await world.company(**company)
    attester = await world.attester(company_id)
    buyer = await world.buyer(company_id, always_attested=True)
    answer = await world.submit(buyer, world.cart(company_id, buyer.member_id, price="69.12"))
    assert answer.json()["status"] == "awaiting_attestation", answer.text
    return buyer, attester, answer.json()["order_id"]


async def place(world, order_id):
    async with world.database.transaction() as session:
        return await place_order(session, UUID(order_id), clock.now())


async def escalated_to_the_merchant(world, order_id):
    async with world.database.transaction() as session:
        order = await session.get_one(Order, UUID(order_id))
        while order.escalate_at:
            command = EscalateAttestation(order.id, order.step, order.escalate_at, clock.now())
            await escalate_attestation(session, command)


async def test_attested_by_another_and_placed_as_it_was_seen(world):
    buyer, attester, order_id = await waiting(world)
    seen = (await world.http.get(f"/v1/orders/{order_id}", headers=attester.headers)).json()
    assert seen["attestation"]["you"] == {"may_decide": True, "reason": None, "detail": None}
    attested = await world.post(attester.headers, f"/v1/orders/{order_id}/attest")
    assert attested.json()["status"] == "attested"
    placed = await place(world, order_id)
    assert placed.status is OrderStatus.PLACED
    after = (await world.http.get(f"/v1/orders/{order_id}", headers=buyer.headers)).json()
    assert after["total"] == seen["total"] == {"amount": "83.64", "currency": "EUR"}
    assert after["order_lines"] == seen["order_lines"]
    assert await world.published(order_id) == ["submitted", "attestation_requested", "attested", "placed"]
    assert (await world.post(attester.headers, f"/v1/orders/{order_id}/attest")).json()["status"] == "placed"
    assert (await place(world, order_id)).sequence == placed.sequence


async def test_an_invoice_order_is_confirmed_at_once_after_its_company_said_yes(world):
    company = await world.company(pays_by_invoice=True)
    attester, buyer = await world.attester(company), await world.buyer(company, always_attested=True)
    order_id = (await world.submit(buyer, payment="invoice")).json()["order_id"]
    await world.post(attester.headers, f"/v1/orders/{order_id}/attest")
    assert (await place(world, order_id)).status is OrderStatus.CONFIRMED


async def test_who_may_not_decide_is_told_why_before_and_when_he_tries(world):
    buyer, _, order_id = await waiting(world)
    seen = (await world.http.get(f"/v1/orders/{order_id}", headers=buyer.headers)).json()
    assert seen["attestation"]["you"]["reason"] == "order-own-attestation"
    assert code(await world.post(buyer.headers, f"/v1/orders/{order_id}/attest")) == (403, "order-own-attestation")
    colleague = await world.buyer(buyer.company_id)
    assert code(await world.post(colleague.headers, f"/v1/orders/{order_id}/attest")) == (403, "member-may-not-attest")
    assert code(await world.post(world.staff, f"/v1/orders/{order_id}/attest")) == (403, "order-not-with-merchant")
    assert code(await world.post({}, f"/v1/orders/{order_id}/attest")) == (401, "token-missing")


async def test_an_attester_of_another_company_finds_no_order(world):
    _, _, order_id = await waiting(world)
    stranger = await world.attester(await world.company(), administers=True)
    reason = {"reason": "no"}
    for path, body in (("attest", None), ("decline", reason), ("withdraw", None)):
        assert code(await world.post(stranger.headers, f"/v1/orders/{order_id}/{path}", body)) == (404, "not-found")
        assert code(await world.post(stranger.headers, f"/v1/orders/{new_id()}/{path}", body)) == (404, "not-found")
    assert code(await world.http.get(f"/v1/orders/{order_id}", headers=stranger.headers)) == (404, "not-found")


async def test_attesting_and_declining_at_the_same_moment_one_wins(world):
    buyer, attester, order_id = await waiting(world)
    other = await world.attester(buyer.company_id)
    answers = await asyncio.gather(
        world.post(attester.headers, f"/v1/orders/{order_id}/attest"),
        world.post(other.headers, f"/v1/orders/{order_id}/decline", {"reason": "no"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await world.published(order_id)) == 4


async def test_a_declined_order_is_not_attested_afterwards_and_gives_its_budget_back(world):
    buyer, attester, order_id = await waiting(world)
    assert await world.used(buyer.company_id) == await world.used(buyer.member_id) == "83.64"
    assert code(await world.post(attester.headers, f"/v1/orders/{order_id}/decline", {"reason": " "}))[0] == 422
    declined = await world.post(attester.headers, f"/v1/orders/{order_id}/decline", {"reason": "too dear"})
    assert declined.json()["status"] == "declined"
    assert code(await world.post(attester.headers, f"/v1/orders/{order_id}/attest")) == (
        409,
        "order-not-awaiting-attestation",
    )
    repeated = await world.post(attester.headers, f"/v1/orders/{order_id}/decline", {"reason": "again"})
    assert repeated.json()["status"] == "declined"
    assert await world.used(buyer.company_id) == await world.used(buyer.member_id) == "0.00"
    read = (await world.http.get(f"/v1/orders/{order_id}", headers=buyer.headers)).json()
    assert read["attestation"]["comment"] == "too dear"
    assert "too dear" not in str(await world.states(order_id))


@pytest.mark.parametrize("end", ["withdraw", "expire", "refuse", "cancel", "cancel-placed"])
async def test_every_end_gives_the_budget_back_once(world, end):
    buyer, attester, order_id = await waiting(world)
    if end == "withdraw":
        for _ in range(2):
            assert (await world.post(buyer.headers, f"/v1/orders/{order_id}/withdraw")).status_code == 200
    elif end == "expire":
        for _ in range(2):
            async with world.database.transaction() as session:
                await do_if_possible(session, UUID(order_id), lambda order: order.expire(order.expires_at, clock.now()))
    elif end == "refuse":
        await world.post(attester.headers, f"/v1/orders/{order_id}/attest")
        await world.company(CustomerStatus.DISABLED, company_id=buyer.company_id)
        refused = await place(world, order_id)
        assert (refused.status, refused.reason) == (OrderStatus.REFUSED, "customer-disabled")
        await place(world, order_id)
    else:
        if end == "cancel-placed":
            await world.post(attester.headers, f"/v1/orders/{order_id}/attest")
            await place(world, order_id)
        for _ in range(2):
            cancelled = await world.post(world.staff, f"/v1/orders/{order_id}/cancel", {"reason": "out-of-stock"})
            assert cancelled.json()["status"] == "cancelled"
    assert await world.used(buyer.company_id) == await world.used(buyer.member_id) == "0.00"


async def test_the_gate_is_passed_again_at_placement(world):
    buyer, attester, order_id = await waiting(world)
    await world.post(attester.headers, f"/v1/orders/{order_id}/attest")
    await world.buyer(buyer.company_id, member_id=buyer.member_id, contact_id=buyer.contact_id, active=False)
    refused = await place(world, order_id)
    assert (refused.status, refused.reason) == (OrderStatus.REFUSED, "member-inactive")


async def test_an_order_whose_submitter_left_is_placed_where_policy_says_so(world):
    await world.http.put(
        "/v1/policies/placement", json={"submitter_left": "place"}, headers={**world.staff, "If-Match": '"0"'}
    )
    buyer, attester, order_id = await waiting(world)
    await world.post(attester.headers, f"/v1/orders/{order_id}/attest")
    await world.buyer(buyer.company_id, member_id=buyer.member_id, contact_id=buyer.contact_id, active=False)
    assert (await place(world, order_id)).status is OrderStatus.PLACED


async def test_staff_decide_what_has_come_to_the_merchant(world):
    _, _, order_id = await waiting(world)
    await escalated_to_the_merchant(world, order_id)
    seen = (await world.http.get(f"/v1/orders/{order_id}", headers=world.staff)).json()["attestation"]
    assert seen["you"]["may_decide"] is True
    assert [asking["asked_of"] for asking in seen["asked"]] == ["attesters", "merchant"]
    attested = await world.post(world.staff, f"/v1/orders/{order_id}/attest")
    assert attested.json()["status"] == "attested"


async def test_who_newly_may_is_asked_and_when_nobody_is_left_the_merchant(world):
    buyer, attester, order_id = await waiting(world)
    newcomer = await world.attester(buyer.company_id)
    seen = (await world.http.get(f"/v1/orders/{order_id}", headers=world.staff)).json()["attestation"]
    assert {one["contact_id"] for one in seen["asked"][-1]["members"]} == {
        str(attester.contact_id),
        str(newcomer.contact_id),
    }
    assert set(seen["may_decide"]) == {str(attester.member_id), str(newcomer.member_id)}
    for person in (attester, newcomer):
        await world.member(person.company_id, member_id=person.member_id, contact_id=person.contact_id, active=False)
    seen = (await world.http.get(f"/v1/orders/{order_id}", headers=world.staff)).json()["attestation"]
    assert seen["asked_of"] == "merchant"
    assert await world.published(order_id) == ["submitted", "attestation_requested", *["attesters_asked"] * 3]


async def test_why_says_everything(world):
    company = await world.company()
    attester = await world.attester(company)
    limit = {"amount": "50.00", "currency": "EUR"}
    buyer = await world.buyer(company, limit_per_order=limit)
    order_id = (await world.submit(buyer, world.cart(company, buyer.member_id, price="100.00"))).json()["order_id"]
    why = (await world.http.get(f"/v1/orders/{order_id}", headers=buyer.headers)).json()["attestation"]
    assert why["rule"] == "over-member-limit-per-order"
    assert why["value"] == {"amount": "121.00", "currency": "EUR"}
    assert why["limit"] == limit
    assert why["may_decide"] == [str(attester.member_id)]
    assert why["asked"][0]["members"] == [
        {"member_id": str(attester.member_id), "contact_id": str(attester.contact_id)}
    ]
    assert [step["what"] for step in why["next"]] == ["reminder", "administrators", "merchant", "expiry"]
    assert why["you"]["reason"] == "order-own-attestation"


async def test_deadlines_are_those_of_the_policy_at_submission(world):
    policy = {"remind_after": "PT2S", "escalate_after": "PT4S", "merchant_after": "PT6S", "expire_after": "PT8S"}
    put = await world.http.put("/v1/policies/attestation", json=policy, headers={**world.staff, "If-Match": '"0"'})
    assert put.status_code == 200, put.text
    wrong = {**policy, "merchant_after": "PT1S"}
    headers = {**world.staff, "If-Match": '"1"'}
    assert (await world.http.put("/v1/policies/attestation", json=wrong, headers=headers)).status_code == 422
    _, _, order_id = await waiting(world)
    async with world.database.transaction() as session:
        order = await session.get_one(Order, UUID(order_id))
        assert order.expires_at - order.submitted_at == timedelta(seconds=8)


async def test_reconcile_expects_a_process_for_every_open_order(world):
    buyer, attester, order_id = await waiting(world)

    async def expected() -> list[str]:
        async with world.database.transaction() as session:
            return [process.id for process in await expected_attestations(session)]

    assert len(await expected()) == 1
    await world.post(attester.headers, f"/v1/orders/{order_id}/attest")
    assert len(await expected()) == 1
    await place(world, order_id)
    await world.submit(await world.buyer(buyer.company_id))
    assert await expected() == []
