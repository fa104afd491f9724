"""What several requests at one moment must never do together. In every round all of them stand before the same row.

Features: OR-04, OR-09, ID-01, ID-13, ID-17 and every change that is made on a version somebody read.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from demo.story.part5_orders import wait_for_order

from chassis.processes import Temporal
from contracts.identity.processes import INVITATION_ACCEPTANCE
from contracts.identity.topics import INVITATION, MEMBER_STATE
from contracts.orders.processes import ORDER_ATTESTATION
from contracts.orders.topics import ORDER
from tests.journeys.holding import has_heard
from tests.journeys.moments import at_one_moment
from tests.journeys.people import join
from tests.journeys.trading import PIECE, TOTAL, Trade, refusal, refusals
from tests.waiting import eventually

ROUNDS = 5
AMOUNT = Decimal(TOTAL)
NOT_WAITING = (409, "order-not-awaiting-attestation")
NO_LIMITS = {"per_order": None, "per_month": None}


def usage_of(subject: str) -> str:
    """The row that every order of a company, or of a member, is booked on."""
    return f"monthly_usage WHERE subject = '{subject}'"


async def processes(trade: Trade, workflow: str) -> int:
    """How many of the company there ever were."""
    company = await trade.ask("identity", f"/companies/{trade.company.company_id}", trade.world.staff)
    client = await Temporal(trade.stack.temporal, trade.stack.temporal_namespace).client()
    found = await client.count_workflows(f"WorkflowType = '{workflow}' AND CompanyNumber = '{company['number']}'")
    return found.count


async def test_of_attesting_and_declining_at_one_moment_one_succeeds(trade):
    """OR-04: two who may decide press both buttons; the order, its process and every answer agree on one of them."""
    company = trade.company
    deciders = (company.attester, company.administrator)
    for _ in range(ROUNDS):
        it = await trade.order(company.buyer)
        requests = [decide(it, who) for who in deciders for decide in (trade.attest, trade.decline)]
        answers = await at_one_moment(trade.stack, "orders", f"orders WHERE id = '{it.order_id}'", requests)
        yes, no = answers[0::2], answers[1::2]
        won, lost = (yes, no) if yes[0].status_code == 200 else (no, yes)
        assert {answer.status_code for answer in won} == {200}
        assert {refusal(answer) for answer in lost} == {NOT_WAITING}
        await wait_for_order(trade.world, it, "placed" if won is yes else "declined")
        assert await trade.world.processes.end_of(it.process) == "COMPLETED"


async def test_five_requests_with_one_cart_make_one_order_and_one_process(trade):
    """OR-01, OP-01: with a key each, as five impatient clicks have, and with one key, as five repetitions have."""
    buyer = trade.company.buyer
    await trade.order(buyer)
    await eventually(lambda: has_heard(trade.stack, "orders", "orders", ORDER), what="every process is started")
    orders, started = len(await trade.overview(buyer)), await processes(trade, ORDER_ATTESTATION)
    row = usage_of(trade.company.company_id)
    for _ in range(ROUNDS):
        cart = (await trade.cart(buyer))["signed"]
        clicks = await at_one_moment(trade.stack, "orders", row, [trade.submit(buyer, cart) for _ in range(5)])
        assert refusals(clicks) == [(409, "priced-cart-used")] * 4
        cart, key = (await trade.cart(buyer))["signed"], str(uuid4())
        repeated = [trade.submit(buyer, cart, key=key) for _ in range(5)]
        answers = await at_one_moment(trade.stack, "orders", row, repeated)
        assert refusals(answers) == [(409, "idempotency-key-in-use")] * 4
        [first] = [answer.json() for answer in answers if answer.status_code == 201]
        assert (await trade.submit(buyer, cart, key=key)).json() == first
    await eventually(lambda: has_heard(trade.stack, "orders", "orders", ORDER), what="every process is started")
    assert len(await trade.overview(buyer)) == orders + 2 * ROUNDS
    assert await processes(trade, ORDER_ATTESTATION) == started + 2 * ROUNDS


async def test_five_invitations_of_one_address_are_one_invitation_and_one_process(trade):
    """ID-13."""
    company_id, by = trade.company.company_id, trade.company.administrator
    started = await processes(trade, INVITATION_ACCEPTANCE)
    for round_ in range(ROUNDS):
        email = f"newcomer-{round_}@bloemrijk-{trade.article}.example"
        body = {"invitees": [{"name": "Newcomer", "email": email, "language": "nl"}], "role": "user"}
        path = f"/companies/{company_id}/invitations"
        requests = [trade.send("identity", "POST", path, by=by, body=body) for _ in range(5)]
        answers = await at_one_moment(trade.stack, "identity", f"companies WHERE id = '{company_id}'", requests)
        outcomes = [answer.json()["outcomes"][0] for answer in answers]
        assert sorted(one["outcome"] for one in outcomes) == ["already_invited"] * 4 + ["invited"]
        assert len({one["invitation_id"] for one in outcomes}) == 1
    await eventually(
        lambda: has_heard(trade.stack, "identity", "identity", INVITATION), what="every process is started"
    )
    assert await processes(trade, INVITATION_ACCEPTANCE) == started + ROUNDS


async def room_in_the_month(trade: Trade, orders: Decimal) -> None:
    """The company's limit lets that many orders through on top of what it has used."""
    path, staff = f"/limits/companies/{trade.company.company_id}", trade.world.staff
    read = await trade.send("orders", "GET", path, by=staff)
    used = sum(Decimal(use[part]) for use in read.json()["this_month"] for part in ("reserved", "spent"))
    body = {"per_month": {"amount": f"{used + AMOUNT * orders:.2f}", "currency": "EUR"}}
    set_ = await trade.send("orders", "PUT", path, by=staff, body=body, If_Match=read.headers["ETag"])
    assert set_.status_code == 200, set_.text


@pytest.fixture
async def no_limit_afterwards(trade):
    yield
    path = f"/limits/companies/{trade.company.company_id}"
    await trade.send("orders", "PUT", path, by=trade.world.staff, body=NO_LIMITS, If_Match="*")


@pytest.mark.usefixtures("no_limit_afterwards")
async def test_a_companys_monthly_limit_counts_all_its_orders_alone_and_at_one_moment(trade):
    """OR-09: each is under the limit by itself; what waits for its company counts like what is placed."""
    people = (trade.company.administrator, trade.company.buyer)
    await trade.order(people[0], "placed")
    await room_in_the_month(trade, Decimal("2.5"))
    carts = [(who, (await trade.cart(who))["signed"]) for who in (*people, people[0])]
    alone = [await trade.submit(who, signed) for who, signed in carts]
    assert [answer.status_code for answer in alone] == [201, 201, 403]
    assert refusal(alone[-1]) == (403, "company-limit-exceeded")
    assert alone[-1].json()["period"] == "month"
    for _ in range(ROUNDS):
        await room_in_the_month(trade, Decimal("2.5"))
        carts = await asyncio.gather(*(trade.cart(who) for who in people * 3))
        requests = [trade.submit(who, cart["signed"]) for who, cart in zip(people * 3, carts, strict=True)]
        answers = await at_one_moment(trade.stack, "orders", usage_of(trade.company.company_id), requests)
        assert refusals(answers) == [(403, "company-limit-exceeded")] * 4


async def test_a_members_monthly_limit_counts_all_his_orders_alone_and_at_one_moment(trade):
    """ID-17, OR-09: an order over it is not refused, it waits for its company."""
    limit = {"amount": f"{AMOUNT * Decimal('2.5'):.2f}", "currency": "EUR"}
    person = trade.world.cast.caterer.people[3]
    member = await join(trade.world, trade.company.administrator, person, role="user", limit_per_month=limit)
    await trade.arrived(member)
    for expected in ("placed", "placed", "awaiting_attestation"):
        await trade.order(member, expected)
    raised = {"limit_per_month": {**limit, "amount": f"{AMOUNT * Decimal('6.5'):.2f}"}}
    await change_member(trade, member.member_id, raised)
    carts = await asyncio.gather(*(trade.cart(member) for _ in range(6)))
    requests = [trade.submit(member, cart["signed"]) for cart in carts]
    answers = await at_one_moment(trade.stack, "orders", usage_of(member.member_id), requests)
    statuses = sorted(answer.json()["status"] for answer in answers)
    assert statuses == ["awaiting_attestation"] * 3 + ["placed"] * 3


async def change_member(trade: Trade, member_id: str, change: dict[str, Any]) -> None:
    """As orders knows it too."""
    by, path = trade.company.administrator, f"/companies/{trade.company.company_id}/members"
    [member] = [one for one in (await trade.ask("identity", path, by))["items"] if one["member_id"] == member_id]
    version = f'"{member["version"]}"'
    changed = await trade.send("identity", "PATCH", f"/members/{member_id}", by=by, body=change, If_Match=version)
    assert changed.status_code == 200, changed.text
    await eventually(lambda: has_heard(trade.stack, "orders", "identity", MEMBER_STATE), what="orders knows")


@dataclass(frozen=True)
class Document:
    """Something that people read, and change on the version that they have read."""

    service: str
    path: str
    row: str
    """What every change of it locks."""
    change: Callable[[int], dict[str, Any]]
    """Another for every number up to 59; what it names is what is read."""
    method: str = "PATCH"
    unread: tuple[int, str] = (422, "invalid-request")
    """How a change without a version is refused."""


MISSING = (428, "if-match-missing")
"""Where a `PUT` without a version makes what is not there."""

DOCUMENTS: dict[str, Callable[[Trade], Document]] = {
    "limits": lambda trade: Document(
        "orders",
        f"/limits/companies/{trade.company.company_id}",
        f"company_limits WHERE company_id = '{trade.company.company_id}'",
        lambda number: {"per_order": {"amount": f"{90_000 + number}.00", "currency": "EUR"}},
        "PUT",
    ),
    "company": lambda trade: Document(
        "identity",
        f"/companies/{trade.company.company_id}",
        f"companies WHERE id = '{trade.company.company_id}'",
        lambda number: {"department": f"Department {number}"},
    ),
    "member": lambda trade: Document(
        "identity",
        f"/members/{trade.company.attester.member_id}",
        f"companies WHERE id = '{trade.company.company_id}'",
        lambda number: {"limit_per_order": {"amount": f"{90_000 + number}.00", "currency": "EUR"}},
    ),
    "article": lambda trade: Document(
        "pricing",
        f"/articles/{trade.article}",
        f"articles WHERE code = '{trade.article}'",
        lambda number: {**PIECE, "weight_grams": number},
        "PUT",
        MISSING,
    ),
    "price list": lambda trade: Document(
        "pricing",
        f"/price-lists/{trade.price_list}",
        f"price_lists WHERE code = '{trade.price_list}'",
        lambda number: {"currency": "EUR", "valid_until": f"2099-01-01T00:00:{number:02}Z"},
        "PUT",
        MISSING,
    ),
}


async def read(trade: Trade, document: Document) -> tuple[str, dict[str, Any]]:
    """Its version and what it says."""
    if document.path.startswith("/members"):
        member = (await trade.ask("identity", "/me", trade.company.attester))["member"]
        return f'"{member["version"]}"', member
    answer = await trade.send(document.service, "GET", document.path, by=trade.world.staff)
    return answer.headers["ETag"], answer.json()


@pytest.mark.usefixtures("no_limit_afterwards")
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_of_changes_at_one_moment_to_one_version_one_is_made_and_none_is_lost(trade, name):
    """OR-09, ID-01, ID-14, PR-01, PR-03: five have read the same, one is told yes, and his change is what stands.

    Who has read nothing changes nothing: he would undo what others did, and nobody would be told.
    """
    document = DOCUMENTS[name](trade)

    async def change(number: int, **version: str):
        body = document.change(number)
        path, staff = document.path, trade.world.staff
        return await trade.send(document.service, document.method, path, by=staff, body=body, **version)

    first = await change(59, If_Match=(await read(trade, document))[0])
    assert first.status_code == 200, first.text
    for round_ in range(ROUNDS):
        version, _ = await read(trade, document)
        numbers = range(5 * round_, 5 * round_ + 5)
        requests = [change(number, If_Match=version) for number in numbers]
        answers = await at_one_moment(trade.stack, document.service, document.row, requests)
        assert refusals(answers) == [(412, "stale-version")] * 4
        [winner] = [number for number, answer in zip(numbers, answers, strict=True) if answer.status_code == 200]
        made, now = await read(trade, document)
        assert document.change(winner).items() <= now.items()
        assert int(made.strip('"')) == int(version.strip('"')) + 1
    assert refusal(await change(58)) == document.unread
    assert (await read(trade, document))[0] == made


async def test_of_changes_of_a_policy_at_one_moment_one_is_made(trade):
    """The same for what every service decides by, from the first version on, when there is no row yet."""
    path = f"/policies/mail?storefront=of-{trade.article}"
    staff = trade.world.staff
    for version in range(ROUNDS):
        read_ = await trade.send("notifications", "GET", path, by=staff)
        assert read_.headers["ETag"] == f'"{version}"'
        requests = [
            trade.send(
                "notifications",
                "PUT",
                path,
                by=staff,
                body={**read_.json(), "sender_name": f"{version}-{who}"},
                If_Match=f'"{version}"',
            )
            for who in range(5)
        ]
        answers = await asyncio.gather(*requests)
        assert refusals(answers) == [(412, "stale-version")] * 4
        [made] = [answer.json() for answer in answers if answer.status_code == 200]
        assert await trade.ask("notifications", path, staff) == made
