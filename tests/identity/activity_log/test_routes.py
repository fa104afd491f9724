"""The log over HTTP: what staff is shown, what a company's administrator is, and what nobody else is (ID-22)."""

import csv
import io
from datetime import timedelta

import pytest

from chassis.http.paging import encode_cursor
from chassis.ids import new_id
from chassis.spreadsheets import cell_of
from identity.activity_log.export import AT_ONCE, COLUMNS
from identity.roles.policies import BuiltIn
from tests.identity.activity_log.log import AT, COMPANY, envelope, log, log_many, seal
from tests.identity.people import a_company, a_member

HOSTILE = ("operator:=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", 'a"b,c\nd')


@pytest.fixture
async def administrator(api):
    """Of a company of which one thing happened, beside three others."""
    async with api.database.transaction() as session:
        company = await a_company(session)
        member = await a_member(session, company, "ada@example.com")
    await log(api.database, *(envelope(minute) for minute in range(3)))
    await log(api.database, envelope(5, subject="m-own"), company=company.id)
    return member, await api.member(member)


async def shown(api, who, **query) -> list[dict]:
    answer = await api.http.get("/v1/activity", params=query, headers=who)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def exported(api, who, **query) -> list[dict]:
    answer = await api.http.get("/v1/activity/export", params=query, headers=who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.mark.parametrize("read", [shown, exported])
async def test_staff_sees_all_and_a_member_what_happened_to_his_company(api, administrator, read):
    member, headers = administrator
    assert len(await read(api, api.staff)) == 4
    assert [row["subject"] for row in await read(api, headers)] == ["m-own"]
    assert [row["subject"] for row in await read(api, headers, company_id=member.company_id)] == ["m-own"]
    assert await read(api, headers, subject="m-1") == await read(api, headers, door="process") == []


@pytest.mark.parametrize("path", ["/v1/activity", "/v1/activity/export"])
async def test_a_member_sees_no_other_company_and_nothing_without_the_permission(api, administrator, path):
    _, headers = administrator
    foreign = await api.http.get(path, params={"company_id": str(COMPANY)}, headers=headers)
    absent = await api.http.get(path, params={"company_id": str(new_id())}, headers=headers)
    assert foreign.status_code == absent.status_code == 404
    async with api.database.transaction() as session:
        employee = await a_member(session, await a_company(session), "bo@example.com", BuiltIn.EMPLOYEE)
    refused = await api.http.get(path, headers=await api.member(employee))
    assert (refused.status_code, refused.json()["code"]) == (403, "permission-missing")


async def test_the_same_filters_hold_for_the_list_and_the_export(api, administrator):
    for query, found in (
        ({"from": AT + timedelta(minutes=1), "to": AT + timedelta(minutes=5)}, 2),
        ({"door": "api", "source": "identity", "actor": "staff:s-1", "correlation_id": "c-1"}, 4),
        ({"door": "operator"}, 0),
        ({"subject": "m-own"}, 1),
        ({"type": "' OR 1=1 --"}, 0),
        ({"company_id": COMPANY}, 3),
    ):
        rows = await shown(api, api.staff, **query)
        assert len(rows) == found, query
        assert [int(row["id"]) for row in await exported(api, api.staff, **query)] == [row["id"] for row in rows]


async def test_a_filter_that_means_nothing_is_refused(api):
    for query in (
        {"door": "window"}, {"from": "yesterday"}, {"from": "2026-03-02T09:00:00"}, {"actor": "a" * 256},
        {"from": "0001-01-01T00:00:00+14:00"}, {"to": "9999-12-31T23:59:59-14:00"}, {"company_id": "' OR 1=1 --"},
    ):  # fmt: skip
        for path in ("/v1/activity", "/v1/activity/export"):
            answer = await api.http.get(path, params=query, headers=api.staff)
            assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), query


async def test_pages_follow_each_other_also_where_all_happened_at_one_moment(api):
    await log_many(api.database, 7)
    seen, cursor = [], None
    while True:
        query = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        answer = (await api.http.get("/v1/activity", params=query, headers=api.staff)).json()
        seen += [row["id"] for row in answer["items"]]
        if not (cursor := answer["next"]):
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 7


async def test_a_made_up_cursor_is_refused(api):
    at = AT.isoformat()
    for position in (
        (at, "x"), (at, None), (at, 2**63), (at, -1), ("now", 1), (1, 1), (None, 1), ("0001-01-01T00:00:00+14:00", 1),
        (at,), (1,), ([], {}),
    ):  # fmt: skip
        answer = await api.http.get("/v1/activity", params={"cursor": encode_cursor(*position)}, headers=api.staff)
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor-invalid"), position


async def test_an_export_holds_every_row_once_however_many_there_are(api):
    await log_many(api.database, 2 * AT_ONCE + 10)
    rows = await exported(api, api.staff)
    assert len({row["id"] for row in rows}) == len(rows) == 2 * AT_ONCE + 10
    assert tuple(rows[0]) == COLUMNS


async def test_an_export_runs_no_formula_that_somebody_claimed_as_his_name(api):
    await log(api.database, *(envelope(minute, actor=actor) for minute, actor in enumerate(HOSTILE)))
    actors = [row["actor"] for row in await exported(api, api.staff)]
    assert not [actor for actor in actors if actor.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert actors[::-1] == [actor if actor[0] in "oa" else f"'{actor}" for actor in HOSTILE]
    assert cell_of(-1) == "-1"


async def test_the_head_is_told_to_staff_to_be_kept_elsewhere(api, administrator):
    nothing = await api.http.get("/v1/activity/head", headers=api.staff)
    assert nothing.json() == {"position": 0, "hash": "0" * 64}
    await seal(api.database)
    last = (await api.http.get("/v1/activity/head", headers=api.staff)).json()
    assert (last["position"], len(bytes.fromhex(last["hash"]))) == (4, 32)
    _, headers = administrator
    refused = await api.http.get("/v1/activity/head", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "staff-only")
