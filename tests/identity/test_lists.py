"""ID-01, ID-03, ID-09: companies, contacts and applications are found by what people know of them, in every order."""

import base64
import json
from typing import Any

import pytest

from chassis.http.paging import encode_cursor
from tests.identity.applications.reviews import Review, refused
from tests.identity.conftest import Api
from tests.identity.people import some_groups

NAMES = ("delta", "Alfa", "alfa", "Écluse", "bravo", "Bravo 2", "Zulu_100%", "Zulu 1000")


@pytest.fixture
async def review(api: Api) -> Review:
    return await Review(api).begin()


async def create(review: Review, name: str, **more: Any) -> str:
    body = {"legal_name": name, "country": "NL", "language": "nl", "storefront": "nl", **more}
    answer = await review.api.http.post("/v1/companies", json=body, headers=review.sanne)
    assert answer.status_code == 201, answer.text
    company_id: str = answer.json()["company_id"]
    return company_id


async def walk(review: Review, path: str, *, limit: int = 3, **query: Any) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        params = {"limit": limit, **query, **cursor}
        answer = await review.api.http.get(path, params=params, headers=review.sanne)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


async def names(review: Review, **query: Any) -> list[str]:
    return [one["legal_name"] for one in await walk(review, "/v1/companies", **query)]


async def test_companies_come_in_every_order_each_once_page_by_page(review):
    ids = [await create(review, name, customer_number=f"K-{50 - n}") for n, name in enumerate(NAMES)]
    change = {"phone": "+31 20 1234567"}
    headers = {**review.sanne, "If-Match": "*"}
    assert (await review.api.http.patch(f"/v1/companies/{ids[2]}", json=change, headers=headers)).status_code == 200
    by_name = [NAMES[n] for n in sorted(range(len(NAMES)), key=lambda n: (NAMES[n].lower(), ids[n]))]
    changed_last = [*(name for name in NAMES if name != "alfa"), "alfa"]
    for sort, expected in (
        ("name", by_name),
        ("created", list(NAMES)),
        ("number", list(reversed(NAMES))),
        ("changed", changed_last),
    ):
        assert await names(review, sort=sort) == expected, sort
        assert await names(review, sort=f"-{sort}") == expected[::-1], sort
    assert await names(review) == list(NAMES)


async def test_a_company_that_comes_while_somebody_reads_shifts_nothing(review):
    for name in ("a", "c", "e"):
        await create(review, name)
    first = await review.api.http.get("/v1/companies", params={"sort": "name", "limit": 2}, headers=review.sanne)
    await create(review, "b")
    await create(review, "d")
    query = {"sort": "name", "limit": 2, "cursor": first.json()["next"]}
    second = await review.api.http.get("/v1/companies", params=query, headers=review.sanne)
    assert [one["legal_name"] for page in (first, second) for one in page.json()["items"]] == ["a", "c", "d", "e"]


async def test_companies_are_found_by_a_part_of_name_or_number_whatever_its_case(review):
    for name in NAMES:
        await create(review, name)
    await create(
        review, "Numbered", customer_number="K-77", vat_number="NL004495445B01", registration_number="12345678"
    )
    for search, expected in (
        ("BRAV", ["bravo", "Bravo 2"]),
        ("écl", ["Écluse"]),
        ("lf", ["Alfa", "alfa"]),
        ("k-7", ["Numbered"]),
        ("4495445b", ["Numbered"]),
        ("345678", ["Numbered"]),
        ("0%", ["Zulu_100%"]),
        ("u_1", ["Zulu_100%"]),
        ("a\\", []),
        ("' OR 1=1", []),
    ):
        assert await names(review, search=search) == expected, search
    for one, value in (("number", "K-77"), ("vat_number", "nl 0044.95.445 B01"), ("registration_number", "12345678")):
        assert await names(review, **{one: value}) == ["Numbered"], one
    assert await names(review, vat_number="NL004495445") == []


async def test_companies_are_filtered_by_what_the_merchant_gave_them_and_by_time(review):
    async with review.api.database.transaction() as session:
        await some_groups(session, "bakeries", "large")
    await create(review, "a", groups=["bakeries"], sales_representative="anna")
    await create(review, "b", groups=["bakeries", "large"])
    await create(review, "c", storefront="be", vat_number="NL004495445B01")
    await review.apply("d")
    assert await names(review, group="bakeries") == ["a", "b"]
    assert await names(review, sales_representative="anna") == ["a"]
    assert await names(review, storefront="be") == ["c"]
    assert await names(review, status="pending_approval") == ["d"]
    assert await names(review, group="bakeries", status="pending_approval") == []
    (second,) = [one for one in await walk(review, "/v1/companies") if one["legal_name"] == "b"]
    for field in ("created", "changed"):
        moment = second[f"{field}_at"]
        assert await names(review, **{f"{field}_from": moment}) == ["b", "c", "d"]
        assert await names(review, **{f"{field}_before": moment}) == ["a"]


async def test_contacts_are_found_by_a_part_of_name_or_address_and_sorted(review):
    async with review.api.database.transaction() as session:
        await some_groups(session, "trade")
    for name, email in (("Jan Vos", "jan@vos.nl"), ("anna Smit", "a@smit.nl"), ("Berta", "smit@berta.nl")):
        body = {"name": name, "email": email, "language": "nl", "groups": ["trade"]}
        assert (await review.api.http.post("/v1/contacts", json=body, headers=review.sanne)).status_code == 201

    async def found(**query: Any) -> list[str]:
        return [one["name"] for one in await walk(review, "/v1/contacts", limit=2, **query)]

    assert await found(search="SMIT") == ["anna Smit", "Berta"]
    assert await found(sort="name") == ["anna Smit", "Berta", "Jan Vos"]
    assert await found(sort="-email") == ["Berta", "Jan Vos", "anna Smit"]
    assert await found(sort="-created", kind="guest") == ["Berta", "anna Smit", "Jan Vos"]
    assert await found(email="jan@vos.nl", kind="registered") == []


async def test_applications_are_found_by_number_or_company_and_sorted(review):
    ids = [await review.apply(name, f"a@b{n}.nl") for n, name in enumerate(("Vos", "alfa", "Bakker"))]
    await review.act(review.sanne, ids[0], "questions", text="Shops?")

    async def found(**query: Any) -> list[str]:
        return [one["legal_name"] for one in await walk(review, "/v1/applications", limit=2, **query)]

    assert await found() == ["Vos", "alfa", "Bakker"]
    assert await found(sort="name") == ["alfa", "Bakker", "Vos"]
    assert await found(sort="-since") == ["Vos", "Bakker", "alfa"]
    assert await found(search="akk") == ["Bakker"]
    assert await found(search="a-000002") == ["alfa"]
    assert await found(search="C-00000", status="waiting", sort="-number") == ["Bakker", "alfa"]
    submitted = (await review.read(ids[1]))["submitted_at"]
    assert await found(submitted_from=submitted) == ["alfa", "Bakker"]
    assert await found(submitted_before=submitted, storefront="nl") == ["Vos"]


@pytest.mark.parametrize("path", ["/v1/companies", "/v1/contacts", "/v1/applications"])
async def test_a_forged_cursor_or_filter_is_refused_and_never_an_error_of_ours(review, path):
    def raw(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()

    an_id = "01a20430-71b0-7600-b3a5-6b2089d37483"
    of_time = {"/v1/companies": "created", "/v1/contacts": "created", "/v1/applications": "submitted"}[path]
    for sort, cursor in (
        ("name", "nonsense"),
        ("name", encode_cursor(an_id)),
        ("name", encode_cursor("-name", "a", an_id)),
        ("name", encode_cursor("name", None, an_id)),
        ("name", encode_cursor("name", {"a": 1}, an_id)),
        ("name", encode_cursor("name", "a\0b", an_id)),
        ("name", encode_cursor("name", "a", "not an id")),
        ("name", encode_cursor("name", "a", 7)),
        ("name", raw(["name", "\ud800", an_id])),
        (of_time, encode_cursor(of_time, "yesterday", an_id)),
        (of_time, encode_cursor(of_time, "0001-01-01T00:00:00+14:00", an_id)),
    ):
        query = {"sort": sort, "cursor": cursor}
        answer = await review.api.http.get(path, params=query, headers=review.sanne)
        assert refused(answer) == (422, "cursor-invalid"), cursor
    for query in (
        {"sort": "password_hash"},
        {"search": "a"},
        {"search": "a" * 81},
        {"limit": 0},
        {"status": "?", "kind": "?"},
    ):
        answer = await review.api.http.get(path, params=query, headers=review.sanne)
        assert refused(answer) == (422, "invalid-request"), query
