"""Somebody asks to become one of the merchant's people (ID-21), over HTTP on real PostgreSQL."""

import asyncio
import json
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from chassis import clock
from contracts.identity.values import LinkPurpose
from identity.access_requests.commands import erase_requests
from identity.staff.commands import StaffTerms
from tests.identity.people import KEYS, PASSWORD

EMAIL = "noor@agency.example"
ASKED = {
    "name": "Noor Smit",
    "email": EMAIL,
    "organisation": "Bureau Smit",
    "wanted_role": "Texts for the shop",
    "reason": "We write for you",
    "language": "nl",
}


async def ask(api, **changed):
    return await api.http.post("/v1/access-requests", json={**ASKED, **changed})


async def listed(api, query: str = ""):
    return (await api.http.get(f"/v1/access-requests{query}", headers=api.staff)).json()["items"]


async def decide(api, request_id: str, what: str, **body):
    return await api.http.post(f"/v1/access-requests/{request_id}/{what}", json=body, headers=api.staff)


async def published(api, key: str) -> list[tuple[str, str | None]]:
    rows = text("SELECT type, value FROM outbox WHERE key = :key ORDER BY id")
    async with api.database.reading() as connection:
        return [
            (row.type.split(".")[3], row.value and row.value.decode())
            for row in await connection.execute(rows, {"key": key})
        ]


@pytest.fixture
async def request_id(api) -> str:
    await ask(api)
    (request,) = await listed(api)
    return request["id"]


async def test_the_answer_is_the_same_whether_the_address_is_known(api):
    """Of one of the staff, of an open request, or new; one request is there."""
    answers = [await ask(api, email="sanne@example.com"), await ask(api), await ask(api, reason="Again")]
    assert [(one.status_code, one.json()) for one in answers] == [(202, {"accepted": True})] * 3
    assert [(one["email"], one["reason"], one["status"]) for one in await listed(api)] == [
        (EMAIL, "We write for you", "open")
    ]


async def test_two_requests_of_one_address_at_once_are_one(api):
    assert {one.status_code for one in await asyncio.gather(*(ask(api) for _ in range(4)))} == {202}
    assert len(await listed(api)) == 1


async def test_many_from_one_network_are_slowed_down(api):
    answers = [await ask(api, email=f"noor-{number}@agency.example") for number in range(7)]
    assert [one.status_code for one in answers][:5] == [202] * 5
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "sign-in-throttled")


async def test_who_is_granted_access_chooses_a_password_and_is_out_when_it_ends(api, request_id):
    until = (clock.now() + timedelta(days=30)).isoformat()
    granted = await decide(api, request_id, "grant", role="representative", until=until)
    staff_id = granted.json()["staff_id"]
    token = KEYS.token(LinkPurpose.STAFF_PASSWORD, UUID(staff_id), 1, EMAIL)
    chosen = await api.http.post("/v1/staff-passwords/confirm", json={"token": token, "password": PASSWORD})
    assert chosen.status_code == 200
    credentials = {"kind": "staff", "email": EMAIL, "password": PASSWORD}
    assert (await api.http.post("/v1/sessions", json=credentials)).status_code == 201
    shown = (await api.http.get(f"/v1/staff/{staff_id}", headers=api.staff)).json()
    assert (shown["kind"], shown["organisation"], shown["name"]) == ("external", "Bureau Smit", "Noor Smit")
    (request,) = await listed(api, "?status=granted")
    assert (request["staff_id"], request["decided_by"]) == (staff_id, str(api.staff_id))


async def test_it_is_decided_once(api, request_id):
    """Also by two at once."""
    both = [
        decide(api, request_id, "grant", role="administrator"),
        decide(api, request_id, "refuse", reason="not_needed"),
    ]
    assert sorted(one.status_code for one in await asyncio.gather(*both)) == [200, 409]
    again = await decide(api, request_id, "grant", role="administrator")
    assert (again.status_code, again.json()["code"]) == (409, "access-request-closed")


async def test_who_is_refused_is_told_why_and_may_ask_again(api, request_id):
    answer = await decide(api, request_id, "refuse", reason="not_expected")
    assert answer.json() == {"request_id": request_id, "status": "refused"}
    assert (await decide(api, request_id, "refuse", reason="other")).status_code == 200
    events = [(kind, json.loads(value or "{}").get("reason")) for kind, value in await published(api, request_id)]
    assert [one for one in events if one[0] == "refused"] == [("refused", "not_expected")]
    await ask(api)
    assert [one["status"] for one in await listed(api)] == ["refused", "open"]


async def test_a_request_runs_out_and_nothing_tells_any_more_who_asked(api, request_id):
    """Neither the row nor what is still to be published: a tombstone follows."""
    async with api.database.transaction() as session:
        await erase_requests(session, clock.now() + timedelta(days=29))
    assert [one["status"] for one in await listed(api)] == ["open"]
    async with api.database.transaction() as session:
        await erase_requests(session, clock.now() + timedelta(days=30))
    (request,) = await listed(api)
    assert (request["status"], request["name"], request["reason"]) == ("lapsed", "erased", "erased")
    assert EMAIL not in json.dumps([request, [str(one) for one in await published(api, request_id)]])
    refused = await decide(api, request_id, "grant", role="administrator")
    assert (refused.status_code, refused.json()["code"]) == (409, "access-request-closed")
    await ask(api)
    assert [one["status"] for one in await listed(api, "?status=open")] == ["open"]


async def test_only_who_may_manage_staff_sees_and_decides_them(api, request_id):
    _, clerk = await api.colleague("Kim", StaffTerms("representative"))
    for method, path in (("GET", ""), ("POST", f"/{request_id}/grant"), ("POST", f"/{request_id}/refuse")):
        answer = await api.http.request(method, f"/v1/access-requests{path}", json={}, headers=clerk)
        assert (answer.status_code, answer.json()["permission"]) == (403, "manage_staff")


async def test_events_hold_no_personal_data(api, request_id):
    await decide(api, request_id, "refuse", reason="other")
    for kind, value in await published(api, request_id):
        assert kind == "state" or not any(word in (value or "") for word in ("Noor", EMAIL, "Bureau"))
