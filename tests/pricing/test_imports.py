"""Files of strangers: previewed row by row, applied as a whole or not at all (PR-13)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from chassis.clock import now
from chassis.http.paging import encode_cursor
from contracts.pricing.events import ArticlesImported, PricesImported
from contracts.pricing.states import PriceListState
from pricing.imports import reading
from pricing.imports.applying import APPLIED_WITHIN, forget_imports
from pricing.imports.reading import read_imports
from tests.pricing.merchant import Merchant, accepted, refused
from tests.waiting import eventually

ARTICLES = "code,name_en,name_nl,unit,pack_size,weight_grams,vat_class,family,sub_family,status,available_from\n"
PRICES = "article,from_quantity,price,valid_from,valid_until\n"


async def report(merchant: Merchant, progress: dict[str, Any], outcome: str = "rejected") -> list[tuple[Any, ...]]:
    path = f"/imports/{progress['import_id']}/rows?outcome={outcome}"
    rows = (await accepted(merchant.staff.get(path))).json()["items"]
    return [(one["row"], one["code"], one["column"]) for one in rows]


async def two_articles_and_a_list(merchant: Merchant) -> None:
    for code in ("lamp", "rope"):
        await merchant.article(code)
    await merchant.price_list("retail")


async def prices_of(merchant: Merchant, price_list: str = "retail") -> dict[str, list[str]]:
    items = (await accepted(merchant.staff.get(f"/price-lists/{price_list}/prices"))).json()["items"]
    return {one["article"]: [f"{tier['from']}:{tier['price']}" for tier in one["tiers"]] for one in items}


async def test_articles_are_previewed_then_applied_together(merchant: Merchant) -> None:
    rows = "lamp,Lantern,Lantaarn,piece,6,850,standard,lighting,lanterns,active,2026-01-01\nrope,Rope,,roll,,,standard,,,,\n"
    preview = await merchant.import_file("/articles/imports", ARTICLES + rows, apply=False)
    assert (preview["status"], preview["accepted"], preview["rows"], preview["read"]) == ("previewed", 2, 2, 2)
    await refused(merchant.staff.get("/articles/lamp"), 404, "not-found")
    assert await report(merchant, preview, "accepted") == [(2, None, None), (3, None, None)]
    await accepted(merchant.staff.post(f"/imports/{preview['import_id']}/apply"))
    await merchant.work()
    lamp = (await accepted(merchant.staff.get("/articles/lamp"))).json()
    assert (lamp["names"], lamp["pack_size"]) == ({"en": "Lantern", "nl": "Lantaarn"}, "6")
    (event,) = await merchant.published(ArticlesImported)
    assert (event.accepted, event.rejected) == (2, 0)


async def test_the_file_of_a_stranger_is_not_taken_in(merchant: Merchant) -> None:
    """PR-13: not a byte of it is held in memory."""
    taken = []

    async def content() -> AsyncIterator[bytes]:
        for piece in range(100):
            taken.append(piece)
            yield ARTICLES.encode()

    for path in ("/articles/imports", "/price-lists/retail/imports"):
        await refused(merchant.client().post(path, content=content()), 401, "token-missing")
    assert taken == []


async def test_an_import_changes_what_differs_and_only_that(merchant: Merchant) -> None:
    first = ARTICLES + "lamp,Lantern,,piece,1,,standard,,,,\nrope,Rope,,piece,1,,standard,,,,\n"
    await merchant.import_file("/articles/imports", first)
    await merchant.import_file("/articles/imports", first.replace("Lantern", "Lamp"))
    tags = [(await accepted(merchant.staff.get(f"/articles/{code}"))).headers["ETag"] for code in ("lamp", "rope")]
    assert tags == ['"2"', '"1"']


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("=1+1,Name,,piece,1,,standard,,,,", "code-malformed", "code"),
        (",Name,,piece,1,,standard,,,,", "cell-missing", "code"),
        ("a b,Name,,piece,1,,standard,,,,", "code-malformed", "code"),
        ("a,,,piece,1,,standard,,,,", "cell-missing", "name_en"),
        ('a,"=HYPERLINK(""http://evil"")",,piece,1,,standard,,,,', "cell-is-a-formula", "name_en"),
        ("a,@SUM(A1),,piece,1,,standard,,,,", "cell-is-a-formula", "name_en"),
        ("a,Name,+31,piece,1,,standard,,,,", "cell-is-a-formula", "name_nl"),
        ("a,Name\x00,,piece,1,,standard,,,,", "cell-not-printable", "name_en"),
        ('a,"two\nlines",,piece,1,,standard,,,,', "cell-not-printable", "name_en"),
        (f"a,{'x' * 201},,piece,1,,standard,,,,", "cell-too-long", "name_en"),
        (f"a,{'x' * 1_000_000},,piece,1,,standard,,,,", "cell-too-long", "name_en"),
        ("a,Name,,,1,,standard,,,,", "cell-missing", "unit"),
        ("a,Name,,piece,0,,standard,,,,", "number-malformed", "pack_size"),
        ("a,Name,,piece,1e3,,standard,,,,", "number-malformed", "pack_size"),
        ("a,Name,,piece,1,heavy,standard,,,,", "number-malformed", "weight_grams"),
        ("a,Name,,piece,1,,,,,,", "cell-missing", "vat_class"),
        ("a,Name,,piece,1,,standard,,,sold out,", "status-unknown", "status"),
        ("a,Name,,piece,1,,standard,,,,31-12-2026", "date-malformed", "available_from"),
        ("a,Name,,piece,1,,standard", "wrong-number-of-cells", None),
        ("a,Name,,piece,1,,standard,,,,,,,", "wrong-number-of-cells", None),
        ("good,Name,,piece,1,,standard,,,,", "row-repeated", "code"),
    ],
)
async def test_a_bad_article_is_refused_alone(merchant: Merchant, row: str, code: str, column: str | None) -> None:
    good = "good,Name,,piece,1,,standard,,,,"
    progress = await merchant.import_file("/articles/imports", f"{ARTICLES}{good}\n{row}\n")
    assert (progress["status"], progress["accepted"], progress["rejected"]) == ("applied", 1, 1)
    assert await report(merchant, progress) == [(3, code, column)]


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("nothing,1,4,,", "article-unknown", "article"),
        ("=cmd(),1,4,,", "article-unknown", "article"),
        ("rope,1,,,", "number-malformed", "price"),
        ("rope,1,-4,,", "number-malformed", "price"),
        ("rope,1,NaN,,", "number-malformed", "price"),
        ("rope,1,1.2345678,,", "number-malformed", "price"),
        ("rope,1,１２,,", "number-malformed", "price"),
        ('rope,1,"1.000,50",,', "number-malformed", "price"),
        ("rope,0,4,,", "number-malformed", "from_quantity"),
        ("rope,0.000,4,,", "number-malformed", "from_quantity"),
        ("rope,ten,4,,", "number-malformed", "from_quantity"),
        ("rope,1,4,tomorrow,", "date-malformed", "valid_from"),
        ("rope,1,4,,2026-02-30", "date-malformed", "valid_until"),
        ("rope,1,4,,2026-01-01T00:00:00", "date-malformed", "valid_until"),
        ("rope,1,4,2026-02-01,2026-01-01", "period-empty", "valid_until"),
        ("lamp,1.0,4,,", "row-repeated", None),
        (f"rope,1,{'9' * 1_000_000},,", "cell-too-long", "price"),
        ("rope,1,4", "wrong-number-of-cells", None),
        ("rope;1;4;;", "wrong-number-of-cells", None),
    ],
)
async def test_a_bad_price_is_refused_alone(merchant: Merchant, row: str, code: str, column: str | None) -> None:
    await two_articles_and_a_list(merchant)
    progress = await merchant.import_file("/price-lists/retail/imports", f"{PRICES}lamp,1,3,,\n{row}\n")
    assert (progress["status"], progress["accepted"], progress["rejected"]) == ("applied", 1, 1)
    assert await report(merchant, progress) == [(3, code, column)]
    assert await prices_of(merchant) == {"lamp": ["1:3"]}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b"\n\n", "file-empty"),
        ("code,name_en\n".encode("utf-16"), "encoding-not-utf-8"),
        (PRICES.encode() + "lamp,1,4,,é".encode("latin-1"), "encoding-not-utf-8"),
        (b"article,prijs\nlamp,4\n", "header-wrong"),
        (b"article,price,price\nlamp,4,4\n", "header-wrong"),
        (b"lamp,1,4,,\n", "header-wrong"),
        (b"PK\x03\x04" + bytes(range(128, 160)), "encoding-not-utf-8"),
    ],
)
async def test_a_file_that_can_not_be_read_is_refused_as_a_whole(merchant: Merchant, content: bytes, code: str) -> None:
    await two_articles_and_a_list(merchant)
    problem = await refused(merchant.staff.post("/price-lists/retail/imports", content=content), 422, code)
    if code == "header-wrong":
        assert problem["expected"]["required"] == ["article", "price"]
        assert problem["found"]
    async with merchant.database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM imports")) == 0
        assert await connection.scalar(text("SELECT count(*) FROM price_versions WHERE recorded_from IS NULL")) == 0


@pytest.mark.parametrize(
    "content",
    [
        "article,from_quantity,price\nlamp,1,4.50\nlamp,10,4\n",
        "\ufeffarticle;price;from_quantity\r\nlamp;4,50;1\r\n\r\nlamp;4;10,0\r\n",
        'Price , ARTICLE,from_quantity\n"4.50",lamp,\n4,lamp,010',
    ],
)
async def test_files_come_in_many_shapes(merchant: Merchant, content: str) -> None:
    await two_articles_and_a_list(merchant)
    await merchant.import_file("/price-lists/retail/imports", content.encode())
    assert await prices_of(merchant) == {"lamp": ["1:4.50", "10:4"]}


async def test_prices_replace_those_of_the_articles_they_name(merchant: Merchant) -> None:
    await two_articles_and_a_list(merchant)
    await merchant.import_file("/price-lists/retail/imports", PRICES + "lamp,1,4,,\nlamp,10,3,,\nrope,1,1,,\n")
    await merchant.import_file("/price-lists/retail/imports", PRICES + "lamp,1,5,,\n")
    assert await prices_of(merchant) == {"lamp": ["1:5"], "rope": ["1:1"]}
    states = await merchant.published(PriceListState)
    assert [state.prices for state in states] == [0, 3, 2]
    assert [(event.code, event.accepted) for event in await merchant.published(PricesImported)] == [
        ("retail", 3),
        ("retail", 1),
    ]


async def test_a_day_of_validity_counts_to_its_end(merchant: Merchant) -> None:
    await two_articles_and_a_list(merchant)
    await merchant.import_file("/price-lists/retail/imports", PRICES + "lamp,1,4,2026-01-01,2026-01-31\n")
    items = (await accepted(merchant.staff.get("/price-lists/retail/prices"))).json()["items"]
    tier = items[0]["tiers"][0]
    assert (tier["valid_from"], tier["valid_until"]) == ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")


async def test_what_was_put_by_hand_meanwhile_is_overtaken_when_the_import_is_applied(merchant: Merchant) -> None:
    await two_articles_and_a_list(merchant)
    preview = await merchant.import_file("/price-lists/retail/imports", PRICES + "lamp,1,4,,\n", apply=False)
    assert await prices_of(merchant) == {}
    tiers = [{"from": "1", "price": "9"}]
    await merchant.price_list("retail", {"lamp": tiers, "rope": tiers})
    assert await prices_of(merchant) == {"lamp": ["1:9"], "rope": ["1:9"]}
    await accepted(merchant.staff.post(f"/imports/{preview['import_id']}/apply"))
    await merchant.work()
    assert await prices_of(merchant) == {"lamp": ["1:4"], "rope": ["1:9"]}
    assert (await merchant.published(PriceListState))[-1].prices == 2
    assert await report(merchant, preview, "accepted") == [(2, None, None)]


async def test_an_import_is_switched_on_at_a_stated_time_and_once(merchant: Merchant) -> None:
    await two_articles_and_a_list(merchant)
    staff, later = merchant.staff, now() + timedelta(hours=1)
    preview = await merchant.import_file("/price-lists/retail/imports", PRICES + "lamp,1,4,,\n", apply=False)
    path = f"/imports/{preview['import_id']}/apply"
    answer = (await accepted(staff.post(path, json={"at": later.isoformat()}))).json()
    assert answer["status"] == "applying"
    await merchant.work()
    assert await prices_of(merchant) == {}
    await merchant.work(later)
    await accepted(staff.post(path))
    await merchant.work(later)
    assert (await accepted(staff.get(f"/imports/{preview['import_id']}"))).json()["status"] == "applied"
    assert len(await merchant.published(PricesImported)) == 1


async def test_only_a_previewed_import_with_accepted_rows_is_applied(merchant: Merchant) -> None:
    await two_articles_and_a_list(merchant)
    staff = merchant.staff
    sent = await accepted(staff.post("/price-lists/retail/imports", content=PRICES + "lamp,1,4,,\n"))
    path = f"/imports/{sent.json()['import_id']}/apply"
    await refused(staff.post(path), 409, "import-not-previewed")
    empty = await merchant.import_file("/price-lists/retail/imports", PRICES + "nothing,1,4,,\n", apply=False)
    await refused(staff.post(f"/imports/{empty['import_id']}/apply"), 409, "import-empty")
    await refused(staff.post("/price-lists/unknown/imports", content=PRICES), 404, "not-found")


async def test_a_reader_that_dies_between_chunks_is_followed_by_one_that_goes_on(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_articles_and_a_list(merchant)
    monkeypatch.setattr(reading, "CHUNK", 10)
    rows = "".join(f"lamp,{number},4,,\n" for number in range(1, 36)) + "lamp,3,4,,\nnothing,1,4,,\n"
    sent = await accepted(merchant.staff.post("/price-lists/retail/imports", content=PRICES + rows))
    path = f"/imports/{sent.json()['import_id']}"
    copied = reading.Prices.copy
    calls = 0

    async def dies(self: reading.Prices, connection: Any, lines: Any) -> None:
        nonlocal calls
        calls += 1
        await copied(self, connection, lines)
        if calls == 3:
            connection.terminate()

    monkeypatch.setattr(reading.Prices, "copy", dies)
    with pytest.raises((asyncpg.InterfaceError, asyncpg.PostgresError, ConnectionError)):
        await read_imports(merchant.database, {}, now())
    half = (await accepted(merchant.staff.get(path))).json()
    assert (half["status"], half["read"], half["accepted"]) == ("reading", 20, 20)
    assert await prices_of(merchant) == {}
    # The server needs a moment to see that the connection is gone.
    await eventually(lambda: read_imports(merchant.database, {}, now()), what="the next reader's turn")
    done = (await accepted(merchant.staff.get(path))).json()
    assert (done["status"], done["read"], done["accepted"], done["rejected"]) == ("previewed", 37, 35, 2)
    assert await report(merchant, done) == [(37, "row-repeated", None), (38, "article-unknown", "article")]
    async with merchant.database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM prices")) == 35
        assert await connection.scalar(text("SELECT count(*) FROM import_files")) == 0


async def test_two_workers_read_and_apply_an_import_once(merchant: Merchant) -> None:
    await two_articles_and_a_list(merchant)
    rows = "".join(f"lamp,{number},4,,\n" for number in range(1, 3000))
    await accepted(merchant.staff.post("/price-lists/retail/imports", content=PRICES + rows))
    both = await asyncio.gather(*(read_imports(merchant.database, {}, now()) for _ in range(2)))
    assert sorted(both) == [False, True]
    async with merchant.database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM prices")) == 2999


async def test_what_was_never_applied_is_given_up(merchant: Merchant) -> None:
    await two_articles_and_a_list(merchant)
    preview = await merchant.import_file("/price-lists/retail/imports", PRICES + "lamp,1,4,,\n", apply=False)
    async with merchant.database.transaction() as session:
        await forget_imports(session, now() + APPLIED_WITHIN + timedelta(minutes=1))
    progress = (await accepted(merchant.staff.get(f"/imports/{preview['import_id']}"))).json()
    assert (progress["status"], progress["error"]) == ("failed", "import-expired")
    async with merchant.database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM prices")) == 0


async def test_imports_are_listed_newest_first_by_kind_and_status(merchant: Merchant) -> None:
    """PR-13: page by page."""
    await two_articles_and_a_list(merchant)
    row = "lamp,Lantern,,piece,,,standard,,,,\n"
    applied = await merchant.import_file("/articles/imports", ARTICLES + row)
    prices = await merchant.import_file("/price-lists/retail/imports", PRICES + "lamp,1,4,,\n", apply=False)
    articles = await merchant.import_file("/articles/imports", ARTICLES + row, apply=False)
    newest_first = [one["import_id"] for one in (articles, prices, applied)]

    async def listed(query: str) -> list[str]:
        found, cursor = [], ""
        while True:
            page = (await accepted(merchant.staff.get(f"/imports?limit=2{query}{cursor}"))).json()
            found += [one["import_id"] for one in page["items"]]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    assert await listed("") == newest_first
    assert await listed("&kind=articles") == [newest_first[0], newest_first[2]]
    assert await listed("&kind=prices&status=previewed") == [newest_first[1]]
    assert await listed("&status=failed") == []
    for query in ("kind=companies", f"cursor={encode_cursor('no id')}", "cursor=nonsense"):
        await refused(
            merchant.staff.get(f"/imports?{query}"), 422, "cursor-invalid" if "cursor" in query else "invalid-request"
        )
