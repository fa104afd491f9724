"""The delivery log and the mail policy, for staff (NO-05)."""

import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from joserfc import jwt
from joserfc.jwk import ECKey

from chassis import clock
from chassis.database import Database
from chassis.ids import new_id
from chassis.keys import KnownKey
from contracts.identity.tokens import AUDIENCE, ISSUER
from contracts.identity.values import StaffPermission
from contracts.notifications.activities import Template
from notifications.app import service
from notifications.deliveries.commands import OpenDelivery, open_deliveries
from tests.apis import api_of
from tests.notifications.conftest import NOW, AddContact


@pytest.fixture
def app(database: Database) -> FastAPI:
    return api_of(service, database)


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://notifications") as client:
        yield client


async def as_caller(database: Database, kind: str) -> dict[str, str]:
    pair, kid = ECKey.generate_key("P-256"), uuid4().hex
    async with database.transaction() as session:
        session.add(
            KnownKey(
                key=kid,
                epoch=1,
                sequence=1,
                issuer="identity",
                jwk={name: str(value) for name, value in pair.as_dict(private=False).items()},
                usable_until=clock.now(),
            )
        )
    ours: dict[str, object] = {
        "kind": kind,
        "sub": str(uuid4()),
        "sid": str(uuid4()),
        "company": str(uuid4()),
        "member": str(uuid4()),
    }
    ours |= {"permissions": sorted(StaffPermission)} if kind == "staff" else {}
    claims = {**ours, "iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 3600}
    token = jwt.encode({"alg": "ES256", "kid": kid}, claims, pair, algorithms=["ES256"])
    return {"Authorization": f"Bearer {token}"}


async def test_every_operation_is_for_staff_alone(app: FastAPI, api: AsyncClient, database: Database) -> None:
    member = await as_caller(database, "member")
    paths = app.openapi()["paths"]
    policies = {"/v1/policies/mail", "/v1/policies/mail/history"}
    assert set(paths) == {"/v1/deliveries", "/v1/deliveries/{delivery_id}", *policies}
    for template, methods in paths.items():
        path = template.replace("{delivery_id}", str(new_id()))
        for method in methods:
            headers = {"If-Match": '"0"'}
            body: dict[str, str] | None = {} if method == "put" else None
            assert (await api.request(method, path, json=body, headers=headers)).status_code == 401
            refused = await api.request(method, path, json=body, headers={**headers, **member})
            assert (refused.status_code, refused.json()["code"]) == (403, "staff-only")


async def test_the_log_shows_what_became_of_mails_and_hides_addresses(
    api: AsyncClient, database: Database, add_contact: AddContact
) -> None:
    staff, contact, erased = await as_caller(database, "staff"), await add_contact(), new_id()
    async with database.transaction() as session:
        for number, recipient in enumerate([contact, erased, None]):
            wish = OpenDelivery(f"order/{number}", Template.ORDER_CONFIRMED, recipient, NOW)
            (delivery,) = await open_deliveries(session, [wish])
        delivery.fail(reason="smtp-550", at=NOW)
    listed = (await api.get("/v1/deliveries", headers=staff)).json()
    assert [(one["notification"], one["status"], one["address"]) for one in listed["items"]] == [
        ("order/2", "failed", "m…@shop.example"),
        ("order/1", "pending", None),
        ("order/0", "pending", "j…@example.com"),
    ]
    found = await api.get("/v1/deliveries", params={"contact_id": str(contact)}, headers=staff)
    assert [one["contact_id"] for one in found.json()["items"]] == [str(contact)]
    assert len((await api.get("/v1/deliveries?status=failed", headers=staff)).json()["items"]) == 1
    assert (await api.get("/v1/deliveries?template=invitation", headers=staff)).json()["items"] == []
    one = await api.get(f"/v1/deliveries/{delivery.id}", headers=staff)
    assert (one.json()["reason"], one.json()["message_id"]) == ("smtp-550", delivery.message_id)
    assert (await api.get(f"/v1/deliveries/{new_id()}", headers=staff)).status_code == 404


async def test_the_log_comes_in_pages(api: AsyncClient, database: Database) -> None:
    staff = await as_caller(database, "staff")
    async with database.transaction() as session:
        for number in range(5):
            await open_deliveries(session, [OpenDelivery(f"order/{number}", Template.ORDER_CONFIRMED, None, NOW)])
    seen, cursor = [], None
    while True:
        page = (
            await api.get(
                "/v1/deliveries", params={"limit": 2, **({"cursor": cursor} if cursor else {})}, headers=staff
            )
        ).json()
        seen += [one["notification"] for one in page["items"]]
        if not (cursor := page["next"]):
            break
    assert seen == [f"order/{number}" for number in reversed(range(5))]
    for wrong in ("x", "WzFd", "WyJ4Il0"):
        refused = await api.get("/v1/deliveries", params={"cursor": wrong}, headers=staff)
        assert (refused.status_code, refused.json()["code"]) == (422, "cursor-invalid")


async def test_staff_changes_how_the_merchant_presents_itself(api: AsyncClient, database: Database) -> None:
    staff = await as_caller(database, "staff")
    before = await api.get("/v1/policies/mail", headers=staff)
    document = {**before.json(), "merchant_name": "Grossist, AB", "merchant_language": "sv"}
    changed = await api.put("/v1/policies/mail", json=document, headers={**staff, "If-Match": before.headers["ETag"]})
    assert changed.status_code == 200
    assert (await api.get("/v1/policies/mail", headers=staff)).json()["merchant_name"] == "Grossist, AB"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("merchant_name", "Evil\r\nBcc: x@example.com"),
        ("merchant_name", "www.evil.example"),
        ("sender_name", "a\x00b"),
        ("sender_address", "a@example.com\nBcc: b@example.com"),
        ("merchant_mailbox", "nobody"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("merchant_language", "xx"),
        ("links", {"invitation": "https://shop.example/no-place"}),
        ("links", {"invitation": "javascript:alert('{token}')"}),
        ("links", {"orders": "javascript:alert(1)"}),
        ("colour", "red"),
    ],
)
async def test_a_policy_that_would_spoil_mails_is_refused(
    api: AsyncClient, database: Database, field: str, value: object
) -> None:
    staff = await as_caller(database, "staff")
    refused = await api.put("/v1/policies/mail", json={field: value}, headers={**staff, "If-Match": '"0"'})
    assert refused.status_code == 422
