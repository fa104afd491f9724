"""How one of the staff comes to a password of his own (ID-21), over HTTP on real PostgreSQL."""

import asyncio
import json
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from chassis import clock
from chassis.errors import Unauthenticated
from contracts.identity.values import LinkPurpose
from identity.sign_in.models import SubjectKind
from identity.sign_in.signing_in import Attempt, renew, sign_in
from tests.identity.people import CHEAP, KEYS, PASSWORD

EMAIL, OTHER = "noor@example.com", "copper-fjord-linen-482"


@pytest.fixture
async def noor(api) -> UUID:
    """Added without a password: her first link is mailed."""
    body = {"name": "Noor", "email": EMAIL, "role": "administrator", "language": "nl"}
    return UUID((await api.http.post("/v1/staff", json=body, headers=api.staff)).json()["staff_id"])


def token(staff_id: UUID, issue: int, email: str = EMAIL, purpose: LinkPurpose = LinkPurpose.STAFF_PASSWORD) -> str:
    return KEYS.token(purpose, staff_id, issue, email)


async def choose(api, link: str, password: str = PASSWORD):
    return await api.http.post("/v1/staff-passwords/confirm", json={"token": link, "password": password})


async def enter(api, password: str = PASSWORD):
    attempt = Attempt(SubjectKind.STAFF, EMAIL, password, "192.0.2.0/24")
    return await sign_in(api.database, CHEAP, attempt, clock.now())


async def issues(api, staff_id: UUID) -> list[int]:
    """Of the links that were mailed."""
    links = "SELECT value FROM outbox WHERE key = :key AND type LIKE '%password_link_issued%' ORDER BY sequence"
    async with api.database.reading() as connection:
        rows = await connection.scalars(text(links), {"key": str(staff_id)})
        return [json.loads(row)["issue"] for row in rows]


async def test_a_new_one_chooses_his_password_by_the_link_that_is_mailed_to_him(api, noor):
    with pytest.raises(Unauthenticated):
        await enter(api)
    assert await issues(api, noor) == [1]
    assert (await choose(api, token(noor, 1))).json() == {"staff_id": str(noor)}
    assert (await enter(api)).session.subject_id == noor


async def test_notifications_are_told_how_to_reach_him(api, noor):
    states = "SELECT value FROM outbox WHERE key = :key AND type LIKE '%contact.state%'"
    async with api.database.reading() as connection:
        state = json.loads(await connection.scalar(text(states), {"key": str(noor)}))
    assert (state["contact_id"], state["email"], state["language"]) == (str(noor), EMAIL, "nl")


async def test_a_link_is_good_once_also_for_two_at_once(api, noor):
    link = token(noor, 1)
    answers = await asyncio.gather(choose(api, link), choose(api, link, OTHER))
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    assert (await choose(api, link)).json()["code"] == "link-invalid"


async def test_links_that_are_not_his_are_refused_alike(api, noor):
    sanne = "sanne@example.com"
    for link in (
        token(noor, 2),
        token(noor, 1, sanne),
        token(api.staff_id, 1),
        token(api.staff_id, 0, sanne),
        token(noor, 1, purpose=LinkPurpose.RESET),
        token(noor, 1)[:-1],
        "nonsense",
    ):
        answer = await choose(api, link)
        assert (answer.status_code, answer.json()["code"]) == (422, "link-invalid"), link


async def test_a_link_ends(api, noor):
    async with api.database.transaction() as session:
        await session.execute(text("UPDATE staff SET link_expires_at = now() WHERE id = :id"), {"id": noor})
    assert (await choose(api, token(noor, 1))).json()["code"] == "link-invalid"


async def test_who_forgot_his_password_asks_and_nobody_learns_whether_he_is_one_of_the_staff(api, noor):
    async with api.database.transaction() as session:
        earlier = {"id": noor, "at": clock.now() - timedelta(minutes=5)}
        await session.execute(text("UPDATE staff SET link_issued_at = :at WHERE id = :id"), earlier)
    answers = [
        await api.http.post("/v1/staff-passwords", json={"email": email})
        for email in (EMAIL, "nobody@example.com", EMAIL)
    ]
    assert [(one.status_code, one.json()) for one in answers] == [(202, {"accepted": True})] * 3
    assert await issues(api, noor) == [1, 2]  # the third came too soon
    assert (await choose(api, token(noor, 1))).json()["code"] == "link-invalid"
    assert (await choose(api, token(noor, 2))).status_code == 200


async def test_a_new_password_ends_open_sessions_and_the_old_one(api, noor):
    await choose(api, token(noor, 1))
    opened = await enter(api)
    assert (await api.http.post(f"/v1/staff/{noor}/password-link", headers=api.staff)).status_code == 204
    await enter(api)  # until he has chosen another
    assert (await choose(api, token(noor, 2), OTHER)).status_code == 200
    with pytest.raises(Unauthenticated, match="refresh-token-invalid"):
        await renew(api.database, opened.refresh_token, clock.now())
    with pytest.raises(Unauthenticated, match="credentials-invalid"):
        await enter(api)
    await enter(api, OTHER)


async def test_who_is_deactivated_gets_no_link_and_uses_none(api, noor):
    await api.http.post(f"/v1/staff/{noor}/deactivate", headers=api.staff)
    assert (await choose(api, token(noor, 1))).json()["code"] == "link-invalid"
    refused = await api.http.post(f"/v1/staff/{noor}/password-link", headers=api.staff)
    assert (refused.status_code, refused.json()["code"]) == (409, "staff-deactivated")
    await api.http.post("/v1/staff-passwords", json={"email": EMAIL})
    assert await issues(api, noor) == [1]
