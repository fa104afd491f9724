"""Price lists and articles put by hand, by the merchant's own keys (PR-01, PR-03)."""

from contracts.pricing.events import ArticleChanged, PriceListChanged, PriceListCreated
from contracts.pricing.states import PriceListState
from tests.pricing.merchant import Merchant, accepted, refused

BODY = {"names": {"en": "Lantern"}, "unit": "piece", "vat_class": "standard"}


async def test_an_article_is_put_and_put_again(merchant: Merchant) -> None:
    staff = merchant.staff
    created = await staff.put("/articles/lamp", json=BODY)
    assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
    again = await staff.put("/articles/lamp", json=BODY)
    assert (again.status_code, again.headers["ETag"]) == (200, '"1"')
    changed = {**BODY, "names": {"en": "Lamp"}, "weight_grams": 850}
    await refused(staff.put("/articles/lamp", json=changed), 428, "if-match-missing")
    assert (await staff.put("/articles/lamp", json=changed, headers={"If-Match": '"1"'})).headers["ETag"] == '"2"'
    await refused(staff.put("/articles/lamp", json=BODY, headers={"If-Match": '"1"'}), 412, "stale-version")
    assert [event.article for event in await merchant.published(ArticleChanged)] == ["lamp", "lamp"]


async def test_articles_come_in_pages_by_code(merchant: Merchant) -> None:
    for number in (3, 1, 2):
        await merchant.article(f"a-{number}")
    first = (await accepted(merchant.staff.get("/articles?limit=2"))).json()
    second = (await accepted(merchant.staff.get(f"/articles?limit=2&cursor={first['next']}"))).json()
    assert [one["code"] for one in first["items"] + second["items"]] == ["a-1", "a-2", "a-3"]
    assert second["next"] is None
    await refused(merchant.staff.get("/articles?cursor=nonsense"), 422, "cursor-invalid")


async def test_a_bad_article_is_refused_with_pointers(merchant: Merchant) -> None:
    body = {**BODY, "names": {"xx": "?"}, "pack_size": "0", "colour": "red"}
    problem = await refused(merchant.staff.put("/articles/lamp", json=body), 422, "invalid-request")
    assert {one["pointer"].split("/")[1] for one in problem["errors"]} == {"names", "pack_size", "colour"}


async def test_a_list_keeps_its_currency_and_what_it_is(merchant: Merchant) -> None:
    staff = merchant.staff
    await merchant.price_list("base", base=True)
    await refused(
        staff.put("/price-lists/base", json={"currency": "SEK", "base": True}), 409, "price-list-currency-fixed"
    )
    await refused(staff.put("/price-lists/base", json={"currency": "EUR"}), 409, "price-list-base-fixed")
    problem = await refused(
        staff.put("/price-lists/other", json={"currency": "EUR", "base": True}), 409, "base-list-exists"
    )
    assert problem["price_list"] == "base"
    await merchant.price_list("bas", currency="SEK", base=True)
    backwards = {"currency": "EUR", "valid_from": "2026-02-01T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z"}
    await refused(staff.put("/price-lists/other", json=backwards), 422, "period-empty")
    assert [event.code for event in await merchant.published(PriceListCreated)] == ["base", "bas"]


async def test_prices_of_an_article_are_put_as_a_whole(merchant: Merchant) -> None:
    await merchant.article("lamp")
    await merchant.price_list("retail", {"lamp": [{"from": "1", "price": "4"}, {"from": "10", "price": "3.5"}]})
    await merchant.price_list("retail", {"lamp": [{"from": "1", "price": "5"}]})
    items = (await accepted(merchant.staff.get("/price-lists/retail/prices"))).json()["items"]
    assert [(one["article"], one["tiers"][0]["price"], len(one["tiers"])) for one in items] == [("lamp", "5", 1)]
    await merchant.price_list("retail", {"lamp": []})
    assert (await accepted(merchant.staff.get("/price-lists/retail/prices"))).json()["items"] == []
    assert [state.prices for state in await merchant.published(PriceListState)] == [0, 2, 1, 0]
    assert [event.fields for event in await merchant.published(PriceListChanged)] == [("prices",)] * 3


async def test_bad_prices_are_refused(merchant: Merchant) -> None:
    await merchant.article("lamp")
    await merchant.price_list("retail")
    path, staff = "/price-lists/retail/prices/lamp", merchant.staff
    tier = {"from": "1", "price": "4"}
    await refused(staff.put(path, json={"tiers": [tier, tier]}), 422, "tier-repeated")
    await refused(staff.put(path, json={"tiers": [{**tier, "price": "-1"}]}), 422, "invalid-request")
    await refused(staff.put(path, json={"tiers": [{**tier, "price": "1.1234567"}]}), 422, "invalid-request")
    await refused(staff.put("/price-lists/retail/prices/nothing", json={"tiers": [tier]}), 404, "not-found")
    await refused(staff.put("/price-lists/nothing/prices/lamp", json={"tiers": [tier]}), 404, "not-found")


async def test_members_and_strangers_may_not_touch_prices(merchant: Merchant) -> None:
    member = await merchant.member(await merchant.company())
    await refused(member.get("/price-lists"), 403, "staff-only")
    await refused(member.put("/articles/lamp", json=BODY), 403, "staff-only")
    await refused(merchant.client().get("/price-lists"), 401, "token-missing")
    await refused(member.get("/policies/pricing"), 403, "staff-only")
    assert (await accepted(merchant.client().get("/keys"))).json() == {"keys": []}
