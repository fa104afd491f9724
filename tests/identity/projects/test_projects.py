"""ID-04: projects of a company and of its people: who opens, sees, changes and closes them."""

import asyncio
from collections import Counter

import pytest

from chassis.ids import new_id
from identity.roles.policies import BuiltIn
from tests.identity.people import a_company, a_member

CANTEEN = {"code": "canteen", "name": "The new canteen", "valid_from": "2026-01-01", "valid_until": "2026-12-31"}


def code(answer):
    return answer.status_code, answer.json().get("code")


class People:
    """An administrator, a user of the same company, and an administrator of another."""

    def __init__(self, api, company, members):
        self.api, self.company, self.members = api, company, members
        self.path = f"/companies/{company.id}/projects"

    async def send(self, who, method, path, body=None, if_match="*"):
        headers = self.api.staff if who == "staff" else await self.api.member(self.members[who])
        return await self.api.http.request(method, f"/v1{path}", json=body, headers={**headers, "If-Match": if_match})

    async def open(self, who="admin", **changed):
        return await self.send(who, "POST", self.path, {**CANTEEN, **changed})

    async def seen(self, who, query=""):
        return [one["code"] for one in (await self.send(who, "GET", f"{self.path}{query}")).json()["items"]]


@pytest.fixture
async def people(api):
    async with api.database.transaction() as session:
        company, other = await a_company(session), await a_company(session)
        members = {
            "admin": await a_member(session, company, "admin@example.com"),
            "user": await a_member(session, company, "user@example.com", BuiltIn.USER),
            "stranger": await a_member(session, other, "stranger@example.com"),
        }
    return People(api, company, members)


async def test_a_project_is_opened_once_changed_by_its_version_and_closed_for_good(people):
    answers = await asyncio.gather(*(people.open() for _ in range(4)))
    assert Counter(map(code, answers)) == {(201, "canteen"): 1, (409, "project-exists"): 3}
    made = next(answer for answer in answers if answer.status_code == 201)
    path = made.headers["Location"].removeprefix("/v1")
    changed = await people.send("admin", "PATCH", path, {"name": "Canteen", "valid_until": None}, made.headers["ETag"])
    shown = changed.json()
    assert (shown["name"], shown["valid_from"], shown["valid_until"]) == ("Canteen", "2026-01-01", None)
    stale = await people.send("admin", "PATCH", path, {"name": "C"}, made.headers["ETag"])
    assert code(stale) == (412, "stale-version")
    closed, again = [await people.send("staff", "POST", f"{path}/close") for _ in range(2)]
    assert closed.json()["closed_at"] == again.json()["closed_at"] is not None
    assert code(await people.send("admin", "PATCH", path, {"name": "C"})) == (409, "project-closed")
    assert (await people.seen("user"), await people.seen("user", "?closed=true")) == ([], ["canteen"])


async def test_a_project_ends_no_earlier_than_it_begins(people):
    refused = await people.open(valid_until="2025-12-31")
    assert (code(refused), refused.json()["errors"][0]["pointer"]) == ((422, "project-ends-early"), "/valid_until")
    path = f"/projects/{(await people.open()).json()['project_id']}"
    assert code(await people.send("admin", "PATCH", path, {"valid_from": "2027-01-01"})) == (422, "project-ends-early")


@pytest.mark.parametrize(
    "wrong", [{"code": "a b"}, {"name": ""}, {"valid_from": "soon"}, {"owner": "me"}, {"name": None}]
)
async def test_what_can_not_be_a_project_is_refused(people, wrong):
    assert (await people.open(**wrong)).status_code == 422


async def test_a_project_of_one_member_is_seen_by_him_and_who_manages_members(people):
    user = str(people.members["user"].contact_id)
    admin = str(people.members["admin"].contact_id)
    await people.open(code="of-all")
    await people.open(code="of-user", contact_id=user)
    await people.open("staff", code="of-admin", contact_id=admin)
    assert await people.seen("user") == ["of-all", "of-user"]
    assert await people.seen("admin") == await people.seen("staff") == ["of-all", "of-user", "of-admin"]
    for nobody in (str(new_id()), str(people.members["stranger"].contact_id)):
        refused = await people.open(code="x", contact_id=nobody)
        assert code(refused) == (422, "contact-not-a-member")


async def test_another_company_finds_none_and_who_manages_no_members_opens_none(people):
    project = f"/projects/{(await people.open()).json()['project_id']}"
    for method, path in (("GET", people.path), ("POST", people.path), ("PATCH", project), ("POST", f"{project}/close")):
        body = CANTEEN if path == people.path else {"name": "Mine"}
        assert code(await people.send("stranger", method, path, body)) == (404, "not-found")
        if method != "GET":
            assert code(await people.send("user", method, path, body)) == (403, "permission-missing")
    assert await people.seen("admin") == ["canteen"]
