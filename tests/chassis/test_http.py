"""HTTP conventions, on a real database: nothing stored on an error, a repeated request answered and not done."""

import asyncio
import time

import pytest
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import text

from chassis import clock
from chassis.http.app import add_health
from chassis.keys import Signer
from tests.chassis.toy.app import keys, projection_of_keys, service

TOY = "tests.chassis.toy"
MASTER = "A" * 43
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def database(new_database):
    keys.forget()
    return await new_database(TOY)


@pytest.fixture
async def api(database):
    app = service.api(database)
    add_health(app, "toy", "here", _nothing)
    async with AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://toy") as client:
        yield client


async def _nothing() -> list[str]:
    return []


async def _count(database, table: str) -> int:
    async with database.reading() as connection:
        return await connection.scalar(text(f"SELECT count(*) FROM {table}"))


async def token(database, **claims) -> str:
    signer = Signer(MASTER)
    async with database.transaction() as session:
        await signer.rotate_if_due(session, clock.now())
    async with database.transaction() as session:
        await projection_of_keys(session)
        usual = {"iss": "toy-issuer", "aud": "toy-audience", "sub": "caller-1", "exp": int(time.time()) + 3600}
        return await signer.sign_token(session, {**usual, **claims}, clock.now())


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        (b"{", 400, "malformed-json", None),
        (b'{"text": 1}', 422, "invalid-request", "/text"),
        (b'{"text": "a", "more": 1}', 422, "invalid-request", "/more"),
        (b"{}", 422, "invalid-request", "/text"),
        (b'{"text": "broken"}', 409, "broken", None),
        (b'{"text": "' + b"x" * 5_000_000 + b'"}', 413, "too-large", None),
    ],
)
async def test_bad_input_gets_a_code_and_stores_nothing(api, database, body, status, code, pointer):
    answer = await api.post("/v1/notes", content=body, headers={**JSON, "Idempotency-Key": "k"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert problem["type"] == f"urn:countersign:problem:{code}"
    if pointer:
        assert [one["pointer"] for one in problem["errors"]] == [pointer]
    assert await _count(database, "notes") == await _count(database, "outbox") == 0
    assert await _count(database, "idempotent_answers") == 0


async def test_a_repeated_request_is_answered_and_not_done(api, database):
    first, second = [
        await api.post("/v1/notes", json={"text": "a"}, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await _count(database, "notes") == 1
    other = await api.post("/v1/notes", json={"text": "b"}, headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_the_same_key_at_once_makes_one(api, database):
    answers = await asyncio.gather(
        *(api.post("/v1/notes", json={"text": "a"}, headers={"Idempotency-Key": "k"}) for _ in range(8))
    )
    assert {one.status_code for one in answers} <= {201, 409}
    assert {one.json()["code"] for one in answers if one.status_code == 409} <= {"idempotency-key-in-use"}
    assert await _count(database, "notes") == 1


async def test_a_stale_version_is_refused(api):
    note = (await api.post("/v1/notes", json={"text": "a"})).json()["note_id"]
    changed = await api.put(f"/v1/notes/{note}", json={"text": "b"}, headers={"If-Match": '"1"'})
    assert changed.headers["ETag"] == '"2"'
    stale = await api.put(f"/v1/notes/{note}", json={"text": "c"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-version")
    wrong = await api.put(f"/v1/notes/{note}", json={"text": "c"}, headers={"If-Match": "1"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "if-match-malformed")


async def test_an_illegal_move_and_an_absent_id(api):
    note = (await api.post("/v1/notes", json={"text": "a"})).json()["note_id"]
    assert (await api.post(f"/v1/notes/{note}/close")).status_code == 200
    closed = await api.put(f"/v1/notes/{note}", json={"text": "b"})
    assert (closed.status_code, closed.json()["code"]) == (409, "note-closed")
    absent = await api.put("/v1/notes/01a20430-71b0-7600-b3a5-6b2089d37483", json={"text": "b"})
    assert (absent.status_code, absent.json()["code"]) == (404, "not-found")


async def test_tokens(api, database):
    good = await token(database)
    answer = await api.get("/v1/notes/mine", headers={"Authorization": f"Bearer {good}"})
    assert answer.json()["caller"] == "caller-1"
    refused = {
        "token-missing": None,
        "token-expired": await token(database, exp=int(time.time()) - 60),
        "token-invalid": await token(database, aud="somebody else"),
    }
    for code, presented in refused.items():
        headers = {"Authorization": f"Bearer {presented}"} if presented else {}
        answer = await api.get("/v1/notes/mine", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    head, payload, signature = good.split(".")
    forged = f"{head}.{payload}.{signature[:-6]}AAAAAA"
    for bad in (forged, "nonsense", f"{head}.{payload}.", "a.b.c"):
        answer = await api.get("/v1/notes/mine", headers={"Authorization": f"Bearer {bad}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "token-invalid")


async def test_a_hot_route_answers_and_gives_its_connection_back(api, database):
    headers = {**JSON, "Authorization": f"Bearer {await token(database)}"}
    await api.post("/v1/notes", json={"text": "a"})
    for media_type in ("application/json; charset=utf-8", "application/vnd.toy+json"):
        answer = await api.post(
            "/v1/notes/matching", content=b'{"text": "a"}', headers={**headers, "Content-Type": media_type}
        )
        assert (answer.status_code, answer.json()) == (200, {"count": 1, "caller": "caller-1"})
    assert database.engine.pool.checkedout() == 0
    anonymous = await api.post("/v1/notes/matching", content=b"{", headers=JSON)
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "token-missing")
    assert database.engine.pool.checkedout() == 0


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"a"', b"{}", b'{"text": 1}', b'{"text": ""}', b'{"text": "a", "more": 1}', b'{"text": "\\u0000"}'],
)
@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
async def test_a_hot_route_refuses_what_the_others_refuse_with_the_same_code_and_pointers(
    api, database, body, media_type
):
    headers = {"Content-Type": media_type, "Authorization": f"Bearer {await token(database)}"}
    usual, hot = [await api.post(path, content=body, headers=headers) for path in ("/v1/notes", "/v1/notes/matching")]
    assert hot.status_code == usual.status_code >= 400
    assert hot.json()["code"] == usual.json()["code"]
    assert [one["pointer"] for one in hot.json().get("errors", [])] == [
        one["pointer"] for one in usual.json().get("errors", [])
    ]


async def test_a_token_of_an_unknown_key_is_503_until_the_key_arrives(api, database):
    good = await token(database)
    async with database.engine.begin() as connection:
        await connection.execute(text("DELETE FROM known_keys"))
    early = await api.get("/v1/notes/mine", headers={"Authorization": f"Bearer {good}"})
    assert (early.status_code, early.json()["code"]) == (503, "unknown-key")
    assert early.headers["Retry-After"]
    async with database.transaction() as session:
        await projection_of_keys(session)
    assert (await api.get("/v1/notes/mine", headers={"Authorization": f"Bearer {good}"})).status_code == 200


async def test_policies_have_versions(api, database):
    headers = {"Authorization": f"Bearer {await token(database)}"}
    read = await api.get("/v1/policies/colour", headers=headers)
    assert (read.json(), read.headers["ETag"]) == ({"colour": "green"}, '"0"')
    changed = await api.put("/v1/policies/colour", json={"colour": "red"}, headers={**headers, "If-Match": '"0"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"1"')
    stale = await api.put("/v1/policies/colour", json={"colour": "blue"}, headers={**headers, "If-Match": '"0"'})
    assert stale.json()["code"] == "stale-version"
    shop = await api.get("/v1/policies/colour", params={"storefront": "outlet"}, headers=headers)
    assert (shop.json(), shop.headers["ETag"]) == ({"colour": "red"}, '"0"')
    assert (await api.get("/v1/policies/colour")).json()["code"] == "token-missing"


async def test_a_database_that_is_away_is_503(api, database, monkeypatch):
    monkeypatch.setattr(type(database), "session", _refused)
    answer = await api.post("/v1/notes", json={"text": "a"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]


def _refused(_):
    raise ConnectionRefusedError


async def test_documents_and_health(api):
    document = (await api.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    [refusal] = document["paths"]["/v1/notes"]["post"]["responses"]["409"]["content"].values()
    assert refusal["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "code" in document["components"]["schemas"]["Problem"]["required"]
    page = await api.get("/docs")
    assert "Countersign toy" in page.text
    assert "<script" not in page.text
    assert (await api.get("/health/live")).json() == {"service": "toy", "instance": "here"}


async def test_a_character_that_can_not_be_stored_is_refused(api):
    for answer in (
        await api.post("/v1/notes", content=b'{"text": "a\\u0000b"}', headers=JSON),
        await api.get("/v1/notes/mine", params={"x": "\0"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "character-not-allowed")


async def test_of_two_who_change_a_policy_at_once_one_is_told_so(api, database):
    headers = {"Authorization": f"Bearer {await token(database)}", "If-Match": '"0"'}
    answers = await asyncio.gather(
        *(api.put("/v1/policies/colour", json={"colour": colour}, headers=headers) for colour in ("red", "blue"))
    )
    assert sorted(one.status_code for one in answers) == [200, 412]


async def test_two_who_make_the_same_at_the_same_moment_are_told_apart(api, database):
    async with database.engine.begin() as connection:
        await connection.execute(text("CREATE UNIQUE INDEX ON notes (text)"))
    answers = await asyncio.gather(*(api.post("/v1/notes", json={"text": "same"}) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"already-exists"}


async def test_a_body_that_grows_too_large_while_it_is_read_is_refused(api, database):
    async def endless():
        yield b'{"text": "'
        for _ in range(60):
            yield b"x" * 100_000
        yield b'"}'

    answer = await api.post("/v1/notes", content=endless(), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert await _count(database, "notes") == 0
