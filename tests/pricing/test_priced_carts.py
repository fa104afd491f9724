"""A signed cart, and "my prices", over HTTP (PR-04, PR-11, PR-12)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey
from sqlalchemy import event, select, text

from chassis.clock import now
from chassis.hot import HotStatement
from chassis.ids import new_id
from chassis.keys import ALGORITHM, SigningKey
from contracts.identity.values import CustomerStatus, Permission
from contracts.pricing.priced_cart import MAX_LINES, PricedCart
from pricing.buyers.queries import BUYER
from pricing.priced_carts.resolution import RESOLVE
from tests.pricing.merchant import ANY_VERSION, Merchant, accepted, refused

LAMP = {"article": "lamp", "quantity": "1"}


@pytest.fixture
async def company(merchant: Merchant) -> UUID:
    """May buy lamps at 10, from 12 on at 9; ropes are in the base list alone."""
    company = await merchant.company(groups=["retail"])
    for code in ("lamp", "rope"):
        await merchant.article(code)
    await merchant.price_list(
        "base", {"lamp": [{"from": "1", "price": "20"}], "rope": [{"from": "1", "price": "5"}]}, base=True
    )
    await merchant.price_list("retail", {"lamp": [{"from": "1", "price": "10"}, {"from": "12", "price": "9"}]})
    await merchant.give("retail", group="retail")
    await merchant.vat_rate("NL", "21")
    return company


async def test_a_cart_is_priced_explained_and_signed_with_a_published_key(merchant: Merchant, company: UUID) -> None:
    member = await merchant.member(company)
    lines = [{"article": "lamp", "quantity": "12"}, {"article": "rope", "quantity": 2}, LAMP]
    answer = (await accepted(member.post("/priced-carts", json={"lines": lines}))).json()
    cart = PricedCart.model_validate(answer["cart"])
    assert cart.is_consistent
    assert [str(line.net) for line in cart.lines] == ["108.00", "10.00", "10.00"]
    assert (cart.company_id, cart.currency, cart.ship_to_country) == (company, "EUR", "NL")
    assert cart.expires_at - cart.priced_at == timedelta(minutes=30)
    first = cart.lines[0].explanation
    assert (first.price_list, first.level, first.group, str(first.tier_from)) == ("retail", "group", "retail", "12")
    async with merchant.database.transaction() as session:
        public = (await session.scalars(select(SigningKey.public))).one()
    verified = jws.deserialize_compact(answer["signed"], ECKey.import_key(dict(public)), algorithms=[ALGORITHM])
    assert PricedCart.model_validate_json(verified.payload) == cart


async def test_a_tampered_cart_does_not_verify(merchant: Merchant, company: UUID) -> None:
    member = await merchant.member(company)
    signed = (await accepted(member.post("/priced-carts", json={"lines": [LAMP]}))).json()["signed"]
    header, payload, signature = signed.split(".")
    async with merchant.database.transaction() as session:
        key = ECKey.import_key(dict((await session.scalars(select(SigningKey.public))).one()))
    forged = f"{header}.{payload[:-6]}{'A' if payload[-6] != 'A' else 'B'}{payload[-5:]}.{signature}"
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(forged, key, algorithms=[ALGORITHM])


async def test_every_line_at_fault_is_named_and_nothing_is_signed(merchant: Merchant, company: UUID) -> None:
    await merchant.article("box", pack_size="6")
    await merchant.article("gone", status="inactive")
    await merchant.article("soon", available_from="2999-01-01")
    await merchant.article("unpriced")
    lines = [
        LAMP,
        {"article": "nothing", "quantity": "1"},
        {"article": "box", "quantity": "4"},
        {"article": "gone", "quantity": "1"},
        {"article": "soon", "quantity": "1"},
        {"article": "unpriced", "quantity": "1"},
    ]
    member = await merchant.member(company)
    problem = await refused(member.post("/priced-carts", json={"lines": lines}), 422, "cart-not-priced")
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [
        ("/lines/1/article", "article-unknown"),
        ("/lines/2/quantity", "quantity-not-a-multiple"),
        ("/lines/3/article", "article-not-orderable"),
        ("/lines/4/article", "article-not-orderable"),
        ("/lines/5/article", "no-price"),
    ]
    assert "signed" not in problem


async def test_the_largest_cart_is_priced_and_a_larger_one_refused(merchant: Merchant, company: UUID) -> None:
    member = await merchant.member(company)
    cart = (await accepted(member.post("/priced-carts", json={"lines": [LAMP] * MAX_LINES}))).json()["cart"]
    assert (len(cart["lines"]), cart["net"]) == (MAX_LINES, "20000.00")
    await refused(member.post("/priced-carts", json={"lines": [LAMP] * (MAX_LINES + 1)}), 422, "invalid-request")


async def test_a_cart_takes_two_statements_whatever_its_size(merchant: Merchant, company: UUID) -> None:
    member = await merchant.member(company)
    await accepted(member.post("/priced-carts", json={"lines": [LAMP]}))  # keys are known from here on
    statements: list[str] = []
    engine = merchant.database.engine.sync_engine
    await merchant.database.engine.dispose()

    @event.listens_for(engine, "connect")
    def listen(connection: Any, _: Any) -> None:
        connection.driver_connection.add_query_logger(lambda seen: statements.append(seen.query))

    await accepted(member.post("/priced-carts", json={"lines": [LAMP]}))  # connects
    for size in (1, 500):
        statements.clear()
        await accepted(member.post("/priced-carts", json={"lines": [LAMP] * size}))
        assert len(statements) == 2, statements


async def test_small_carts_are_not_planned_anew(merchant: Merchant, company: UUID) -> None:
    """PR-11: PostgreSQL makes five plans for their own arguments, and then one for all."""
    member = await merchant.member(company)
    for _ in range(8):
        await accepted(member.post("/priced-carts", json={"lines": [LAMP]}))
    query = text("SELECT statement, custom_plans, generic_plans FROM pg_prepared_statements")
    async with merchant.database.reading() as connection:  # the pool hands out the connection that it used last
        plans = {row.statement: (row.custom_plans, row.generic_plans) for row in await connection.execute(query)}
    assert [plans[HotStatement(sql).sql] for sql in (BUYER, RESOLVE)] == [(5, 3), (5, 3)]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (CustomerStatus.DISABLED, "customer-disabled"),
        (CustomerStatus.NOT_INVITED, "customer-not-invited"),
        (CustomerStatus.PENDING_APPROVAL, "customer-pending-approval"),
    ],
)
async def test_the_status_of_the_company_decides(
    merchant: Merchant, company: UUID, status: CustomerStatus, code: str
) -> None:
    member = await merchant.member(company)
    await merchant.change_company(company, status=status)
    await refused(member.post("/priced-carts", json={"lines": [LAMP]}), 403, code)
    await refused(member.post("/prices", json={"articles": ["lamp"]}), 403, code)
    on_behalf = merchant.staff.post("/priced-carts", json={"lines": [LAMP], "company_id": str(company)})
    if status is CustomerStatus.NOT_INVITED:  # the merchant may order for it
        assert (await accepted(on_behalf)).json()["cart"]["member_id"] is None
    else:
        await refused(on_behalf, 403, code)
    await accepted(merchant.staff.post("/prices", json={"articles": ["lamp"], "company_id": str(company)}))


async def test_a_member_needs_to_be_active_and_allowed_to_see_prices(merchant: Merchant, company: UUID) -> None:
    gone = await merchant.member(company, active=False)
    await refused(gone.post("/priced-carts", json={"lines": [LAMP]}), 403, "member-inactive")
    blind = await merchant.member(company, [Permission.BUY])
    problem = await refused(blind.post("/priced-carts", json={"lines": [LAMP]}), 403, "permission-missing")
    assert problem["permission"] == "see_prices"
    stranger = merchant.client(kind="member", sub=str(new_id()), company=str(company), member=str(new_id()))
    await refused(stranger.post("/prices", json={"articles": ["lamp"]}), 503, "member-unknown")
    await refused(merchant.client().post("/prices", json={"articles": ["lamp"]}), 401, "token-missing")


async def test_another_company_is_not_found_and_staff_must_name_one(merchant: Merchant, company: UUID) -> None:
    claims, other = await merchant.join(company), await merchant.company()
    member = merchant.signed_in(claims)
    for absent in (other, new_id()):
        body = {"lines": [LAMP], "company_id": str(absent)}
        await refused(member.post("/priced-carts", json=body), 404, "not-found")
    await refused(merchant.staff.post("/priced-carts", json=body), 404, "not-found")
    await refused(merchant.staff.post("/priced-carts", json={"lines": [LAMP]}), 422, "company-not-named")
    crossed = merchant.signed_in(claims.model_copy(update={"company": other}))
    await refused(crossed.post("/prices", json={"articles": ["lamp"]}), 403, "member-inactive")


async def test_without_a_valid_list_of_its_own_or_its_groups_there_is_no_cart(
    merchant: Merchant, company: UUID
) -> None:
    member = await merchant.member(company)
    ended = {"currency": "EUR", "valid_until": "2020-01-01T00:00:00Z"}
    await accepted(merchant.staff.put("/price-lists/retail", json=ended, headers=ANY_VERSION))
    await refused(member.post("/priced-carts", json={"lines": [LAMP]}), 403, "no-price-list")
    shown = (await accepted(member.post("/prices", json={"articles": ["lamp"]}))).json()["items"]
    assert shown[0]["explanation"]["level"] == "base"


async def test_a_cart_has_one_currency(merchant: Merchant, company: UUID) -> None:
    await merchant.price_list("kronor", {"lamp": [{"from": "1", "price": "100"}]}, currency="SEK")
    await merchant.give("kronor", company=company)
    member = await merchant.member(company)
    problem = await refused(member.post("/priced-carts", json={"lines": [LAMP]}), 422, "currency-ambiguous")
    assert problem["currencies"] == ["EUR", "SEK"]
    for currency, net in (("SEK", "100.00"), ("EUR", "10.00")):
        body = {"lines": [LAMP], "currency": currency}
        cart = (await accepted(member.post("/priced-carts", json=body))).json()["cart"]
        assert (cart["currency"], cart["net"]) == (currency, net)
    rope = {"lines": [{"article": "rope", "quantity": "1"}], "currency": "SEK"}
    await refused(member.post("/priced-carts", json=rope), 422, "cart-not-priced")


async def test_the_order_of_levels_is_policy(merchant: Merchant, company: UUID) -> None:
    member = await merchant.member(company)
    await merchant.policy(levels=["base", "group", "company", "contact"])
    cart = (await accepted(member.post("/priced-carts", json={"lines": [LAMP]}))).json()["cart"]
    assert (cart["net"], cart["lines"][0]["explanation"]["level"]) == ("20.00", "base")


async def test_a_list_of_a_contact_is_his_alone_in_all_his_companies(merchant: Merchant, company: UUID) -> None:
    """PR-03: nearer than the lists of his company; neither his colleagues nor the staff are priced by it."""
    his = await merchant.join(company)
    elsewhere = await merchant.join(await merchant.company(), contact=his.sub)
    colleague, stranger = await merchant.join(company), await merchant.join(elsewhere.company)
    await merchant.price_list("his", {"lamp": [{"from": "1", "price": "12"}]})
    await merchant.price_list("of-a-colleague", {"lamp": [{"from": "1", "price": "1"}]})
    await merchant.give("his", contact=his.sub)
    await merchant.give("of-a-colleague", contact=colleague.sub)
    for claims, why in (
        (his, ("contact", "his", "12")),
        (elsewhere, ("contact", "his", "12")),
        (colleague, ("contact", "of-a-colleague", "1")),
        (await merchant.join(company), ("group", "retail", "10")),
        (stranger, ("base", "base", "20")),
    ):
        shown = (await accepted(merchant.signed_in(claims).post("/prices", json={"articles": ["lamp"]}))).json()
        assert _why(shown["items"][0]) == why
    body = {"articles": ["lamp"], "company_id": str(company)}
    shown = (await accepted(merchant.staff.post("/prices", json=body))).json()
    assert _why(shown["items"][0]) == ("group", "retail", "10")
    await accepted(merchant.staff.delete(f"/terms/contact/{his.sub}/his"))
    cart = (await accepted(merchant.signed_in(his).post("/priced-carts", json={"lines": [LAMP]}))).json()["cart"]
    assert _why(cart["lines"][0]) == ("group", "retail", "10")


def _why(priced: dict[str, Any]) -> tuple[str, str, str]:
    explanation = priced["explanation"]
    return explanation["level"], explanation["price_list"], priced["unit_price"]


async def test_a_list_of_a_contact_lets_him_order_and_nobody_else_of_his_company(
    merchant: Merchant, company: UUID
) -> None:
    """PR-04: it is a list of the buyer's own."""
    bare = await merchant.company()
    his, colleague = await merchant.join(bare), await merchant.member(bare)
    await merchant.price_list("his", {"lamp": [{"from": "1", "price": "12"}]})
    await merchant.give("his", contact=his.sub)
    lines = {"lines": [LAMP, {"article": "rope", "quantity": "1"}]}
    cart = (await accepted(merchant.signed_in(his).post("/priced-carts", json=lines))).json()["cart"]
    assert [line["explanation"]["level"] for line in cart["lines"]] == ["contact", "base"]
    assert cart["contact_id"] == str(his.sub)
    await refused(colleague.post("/priced-carts", json=lines), 403, "no-price-list")
    on_behalf = {**lines, "company_id": str(bare)}
    await refused(merchant.staff.post("/priced-carts", json=on_behalf), 403, "no-price-list")


async def test_a_changed_price_is_in_the_next_cart_and_the_old_one_in_the_past(
    merchant: Merchant, company: UUID
) -> None:
    member, before = await merchant.member(company), now()
    await merchant.price_list("retail", {"lamp": [{"from": "1", "price": "11"}]})
    cart = (await accepted(member.post("/priced-carts", json={"lines": [LAMP]}))).json()["cart"]
    assert cart["net"] == "11.00"
    for as_of, price in ((before, "10"), (now(), "11")):
        body = {"articles": ["lamp"], "company_id": str(company), "as_of": as_of.isoformat()}
        shown = (await accepted(merchant.staff.post("/prices", json=body))).json()
        assert shown["items"][0]["unit_price"] == price
    await merchant.price_list("retail", {"lamp": []})
    shown = (await accepted(member.post("/prices", json={"articles": ["lamp"]}))).json()
    assert shown["items"][0]["explanation"]["level"] == "base"
    await refused(member.post("/prices", json={"articles": ["lamp"], "as_of": before.isoformat()}), 403, "staff-only")
    future = {"articles": ["lamp"], "company_id": str(company), "as_of": "2999-01-01T00:00:00Z"}
    await refused(merchant.staff.post("/prices", json=future), 422, "as-of-in-the-future")


async def test_a_list_taken_back_still_explains_the_past(merchant: Merchant, company: UUID) -> None:
    before = now()
    await accepted(merchant.staff.delete("/terms/group/retail/retail"))
    body = {"articles": ["lamp"], "company_id": str(company), "as_of": before.isoformat()}
    shown = (await accepted(merchant.staff.post("/prices", json=body))).json()["items"][0]
    assert (shown["unit_price"], shown["explanation"]["price_list"]) == ("10", "retail")


async def test_my_prices_say_why_there_is_none(merchant: Merchant, company: UUID) -> None:
    member = await merchant.member(company)
    body = {"articles": ["lamp", "nothing"], "quantity": "12"}
    lamp, nothing = (await accepted(member.post("/prices", json=body))).json()["items"]
    assert (lamp["unit_price"], lamp["not_orderable"]) == ("9", None)
    assert (nothing["unit_price"], nothing["not_orderable"]) == (None, "article-unknown")
    await refused(member.post("/prices", json={"articles": ["lamp"] * 201}), 422, "invalid-request")


async def test_the_cart_goes_where_its_address_is(merchant: Merchant, company: UUID) -> None:
    await merchant.change_company(company, vat_number="BE0123456789")
    member = await merchant.member(company)
    address = {"line1": "Kaai 1", "postal_code": "2000", "city": "Antwerpen", "country": "BE"}
    cart = (await accepted(member.post("/priced-carts", json={"lines": [LAMP], "ship_to": address}))).json()["cart"]
    assert cart["ship_to"]["city"] == "Antwerpen"
    assert (cart["ship_to_country"], cart["lines"][0]["explanation"]["vat_rule"]) == ("BE", "reverse-charge")
    both = {"lines": [LAMP], "ship_to": address, "ship_to_country": "NL"}
    await refused(member.post("/priced-carts", json=both), 422, "invalid-request")


async def test_nothing_is_stored_for_a_cart(merchant: Merchant, company: UUID) -> None:
    member = await merchant.member(company)
    await accepted(member.post("/priced-carts", json={"lines": [LAMP]}))
    async with merchant.database.reading() as connection:
        stored = await connection.scalar(text("SELECT count(*) FROM outbox WHERE value::text LIKE '%cart%'"))
    assert stored == 0
