"""ID-24: the imports that are kept, newest first."""

from typing import Any

import pytest

from chassis.http.paging import encode_cursor
from identity.staff.commands import StaffTerms
from tests.identity.imports.office import Office
from tests.identity.people import a_company, a_member

COMPANY = "number,legal_name,country,language,storefront,vat_number\nK-1,Bakkerij,NL,nl,main,NL123456782B90\n"
CONTACT = "email,name,language,groups\niris@example.com,Iris,nl,retail\n"


@pytest.fixture
async def kept(office: Office) -> dict[str, str]:
    """One in each of these states, in this order."""
    applied = (await office.bring_in("companies", COMPANY))["import_id"]
    failed = (await office.preview("contacts", "email,nonsense\n"))["import_id"]
    previewed = (await office.preview("contacts", CONTACT))["import_id"]
    reading = await office.send("companies", COMPANY)
    return {"applied": applied, "failed": failed, "previewed": previewed, "reading": reading}


async def walk(office: Office, **query: Any) -> list[str]:
    """All pages of two."""
    found, cursor = [], None
    while True:
        page = await office.get("/imports", limit=2, **query, **({"cursor": cursor} if cursor else {}))
        assert len(page["items"]) <= 2
        found += [one["import_id"] for one in page["items"]]
        if not (cursor := page["next"]):
            return found


async def test_imports_are_listed_newest_first_page_by_page(office: Office, kept: dict[str, str]) -> None:
    assert await walk(office) == list(reversed(kept.values()))
    (first, *_) = (await office.get("/imports"))["items"]
    assert first == await office.get(f"/imports/{kept['reading']}")


async def test_imports_are_filtered_by_kind_and_status(office: Office, kept: dict[str, str]) -> None:
    assert await walk(office, kind="companies") == [kept["reading"], kept["applied"]]
    assert await walk(office, kind="members") == []
    for status, import_id in kept.items():
        assert await walk(office, status=status) == [import_id]
    assert await walk(office, kind="contacts", status="failed") == [kept["failed"]]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"kind": "articles"}, "invalid-request"),
        ({"status": "'; DROP TABLE imports"}, "invalid-request"),
        ({"limit": 0}, "invalid-request"),
        ({"cursor": "nonsense"}, "cursor-invalid"),
        ({"cursor": encode_cursor("not an id")}, "cursor-invalid"),
        ({"cursor": encode_cursor(7)}, "cursor-invalid"),
    ],
)
async def test_a_forged_cursor_or_filter_is_refused(office: Office, query: dict[str, Any], code: str) -> None:
    answer = await office.http.get("/v1/imports", params=query, headers=office.staff)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_only_staff_that_may_import_see_them(office: Office, kept: dict[str, str]) -> None:
    async with office.database.transaction() as session:
        member = await a_member(session, await a_company(session), "iris@example.com")
    _, clerk = await office.colleague("Kim", StaffTerms("representative"))
    for who, status in ((await office.member(member), 403), (clerk, 403), ({}, 401)):
        assert (await office.http.get("/v1/imports", headers=who)).status_code == status
