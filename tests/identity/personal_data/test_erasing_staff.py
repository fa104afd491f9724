"""ID-27: one of the staff who has left is told what is kept of him, and erased; what he did stays."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from chassis import clock
from contracts.identity.values import LinkPurpose, StaffPermission
from identity.activity_log.verification import verify
from identity.external_sign_in.models import ExternalLogin
from identity.sign_in.models import SubjectKind
from identity.sign_in.throttling import KnownNetwork, SignInAttempts, Tried, account_key
from identity.staff.commands import StaffTerms
from identity.staff.models import ADMINISTRATOR
from tests.identity.activity_log.log import envelope, log, seal
from tests.identity.conftest import Api
from tests.identity.people import KEYS, PASSWORD
from tests.identity.second_factor.conftest import enrolled, time  # noqa: F401
from tests.identity.sign_in.conftest import SignedIn

WORD = "plantedvos"
EMAIL = f"{WORD}@agency.example"
ASKED = {
    "name": f"Noor {WORD}",
    "email": EMAIL,
    "organisation": f"Bureau {WORD}",
    "wanted_role": f"Texts by {WORD}",
    "reason": f"{WORD} writes for you",
    "language": "nl",
}


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def post(api: Api, path: str, body=None, who=None, **headers):
    return await api.http.post(f"/v1{path}", json=body, headers={**(who or api.staff), **headers})


async def erase(api: Api, staff_id, who=None):
    return await post(api, f"/staff/{staff_id}/erase", who=who)


async def deactivate(api: Api, staff_id, **headers) -> None:
    answer = await post(api, f"/staff/{staff_id}/deactivate", **headers)
    assert answer.status_code == 200, answer.text


async def sign_in(api: Api, password: str = PASSWORD):
    credentials = {"kind": "staff", "email": EMAIL, "password": password}
    return await api.http.post("/v1/sessions", json=credentials, headers={"User-Agent": f"{WORD}'s browser"})


async def tables_that_know(api: Api, word: str) -> set[str]:
    """Of identity's database, in any column."""
    found = set()
    async with api.database.reading() as connection:
        tables = await connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        for table in tables.all():
            content = f'SELECT EXISTS (SELECT FROM "{table}" row WHERE row::text ILIKE :word OR row::text LIKE :bytes)'
            like = {"word": f"%{word}%", "bytes": f"%{word.encode().hex()}%"}
            if await connection.scalar(text(content), like):
                found.add(table)
    return found


async def left_of(api: Api, staff_id: str) -> dict[str, int]:
    """Rows of what he signed in with, and of his attempts."""
    tables = ("credentials", "second_factors", "recovery_codes", "sessions", "external_logins", "sign_in_challenges")
    async with api.database.reading() as connection:
        count = "SELECT count(*) FROM {} WHERE subject_id = :id"
        found = {table: await connection.scalar(text(count.format(table)), {"id": staff_id}) for table in tables}
        his = account_key(Tried.SIGN_IN, SubjectKind.STAFF, EMAIL)
        for model in (SignInAttempts, KnownNetwork):
            rows = await connection.execute(select(model).where(model.account == his))
            found[model.__tablename__] = len(rows.all())
    return found


@pytest.fixture
async def noor(api: Api, time) -> str:  # noqa: F811
    """An external who asked for access, has a device and a login elsewhere, and mistyped her password."""
    await api.http.post("/v1/access-requests", json=ASKED)
    (request,) = (await api.http.get("/v1/access-requests", headers=api.staff)).json()["items"]
    terms = {"role": "administrator", "until": (clock.now() + timedelta(days=30)).isoformat()}
    granted = await post(api, f"/access-requests/{request['id']}/grant", terms)
    staff_id = granted.json()["staff_id"]
    token = KEYS.token(LinkPurpose.STAFF_PASSWORD, UUID(staff_id), 1, EMAIL)
    await api.http.post("/v1/staff-passwords/confirm", json={"token": token, "password": PASSWORD})
    await enrolled(SignedIn(api, (await sign_in(api)).json()), time)
    assert (await sign_in(api)).status_code == 202
    assert code(await sign_in(api, "some other password")) == (401, "credentials-invalid")
    async with api.database.transaction() as session:
        login = {"issuer": "https://issuer.example", "external_subject": WORD, "linked_at": clock.now()}
        session.add(ExternalLogin(kind=SubjectKind.STAFF, subject_id=UUID(staff_id), **login))
    return staff_id


async def test_nothing_tells_any_more_who_he_was(api, noor):
    assert await tables_that_know(api, WORD) >= {"staff", "access_requests", "sessions", "external_logins"}
    assert 0 not in (await left_of(api, noor)).values()
    await deactivate(api, noor, **{"Idempotency-Key": "leaves"})
    erased = await erase(api, noor)
    assert erased.status_code == 200, erased.text
    assert await tables_that_know(api, WORD) == set()
    assert set((await left_of(api, noor)).values()) == {0}
    shown = (await api.http.get(f"/v1/staff/{noor}", headers=api.staff)).json()
    assert (shown["name"], shown["organisation"], shown["active"]) == ("erased", "erased", False)
    assert shown["erased_at"] == erased.json()["erased_at"]
    assert (await erase(api, noor)).json() == erased.json()


async def test_it_is_told_to_other_services_by_an_event_and_a_tombstone(api, noor):
    await deactivate(api, noor)
    await erase(api, noor)
    query = text("SELECT type, value FROM outbox WHERE key = :key ORDER BY id")
    async with api.database.reading() as connection:
        rows = (await connection.execute(query, {"key": noor})).all()
    assert "countersign.identity.staff.erased.v1" in {row.type for row in rows}
    assert {row.value for row in rows if ".state." in row.type} == {None}


async def test_what_he_did_stays_under_his_id_and_the_chain_verifies(api, noor):
    actor = f"staff:{noor}"
    await log(api.database, *(envelope(minute, actor=actor) for minute in range(3)))
    await seal(api.database)
    await deactivate(api, noor)
    await erase(api, noor)
    logged = await api.http.get("/v1/activity", params={"actor": actor}, headers=api.staff)
    assert len(logged.json()["items"]) == 3
    async with api.database.reading() as connection:
        assert (await verify(connection)).head.position == 3


async def test_he_is_told_what_is_kept_of_him(api, noor):
    told = (await api.http.get(f"/v1/staff/{noor}/personal-data", headers=api.staff)).json()
    assert (told["staff"]["id"], told["staff"]["email"]) == (noor, EMAIL)
    assert [one["reason"] for one in told["access_requests"]] == [ASKED["reason"]]
    assert len(told["sessions"]) == 1


async def test_who_is_still_there_is_not_erased(api, noor):
    """Nor the last who may manage staff, who can not be deactivated."""
    assert code(await erase(api, noor)) == (409, "staff-active")
    assert code(await post(api, f"/staff/{api.staff_id}/deactivate")) == (409, "last-staff-manager")
    assert code(await erase(api, api.staff_id)) == (409, "staff-active")
    assert WORD in (await api.http.get(f"/v1/staff/{noor}", headers=api.staff)).text


async def test_who_was_erased_never_comes_back_but_as_somebody_else(api, noor):
    await deactivate(api, noor)
    await erase(api, noor)
    terms = {"role": "administrator"}
    put = await api.http.put(f"/v1/staff/{noor}/terms", json=terms, headers={**api.staff, "If-Match": "*"})
    assert code(put) == (404, "not-found")
    for act in ("deactivate", "reactivate", "password-link"):
        assert code(await post(api, f"/staff/{noor}/{act}")) == (404, "not-found")
    assert code(await sign_in(api)) == (401, "credentials-invalid")
    again = await post(api, "/staff", {**terms, "name": "Noor", "email": EMAIL, "password": PASSWORD})
    assert again.status_code == 201
    assert again.json()["staff_id"] != noor


async def test_only_who_may_manage_personal_data_erases(api, noor):
    await deactivate(api, noor)
    _, manager = await api.colleague("Kim", StaffTerms("representative", {StaffPermission.MANAGE_STAFF}))
    for answer in (
        await erase(api, noor, manager),
        await api.http.get(f"/v1/staff/{noor}/personal-data", headers=manager),
    ):
        assert (answer.status_code, answer.json()["permission"]) == (403, "manage_personal_data")
    assert code(await erase(api, UUID(int=7))) == (404, "not-found")


async def test_of_one_who_erases_and_one_who_takes_him_back_at_one_moment_one_is_too_late(api):
    """He is never there again without a name."""
    for number in range(6):
        staff_id, _ = await api.colleague(f"Noor{number}", StaffTerms(ADMINISTRATOR))
        await deactivate(api, staff_id)
        erased, back = await asyncio.gather(erase(api, staff_id), post(api, f"/staff/{staff_id}/reactivate"))
        assert (code(erased), code(back)) in (((200, ""), (404, "not-found")), ((409, "staff-active"), (200, "")))
        shown = (await api.http.get(f"/v1/staff/{staff_id}", headers=api.staff)).json()
        assert (shown["name"] == "erased") is (shown["erased_at"] is not None) is not shown["active"]
