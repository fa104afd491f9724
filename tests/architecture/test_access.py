"""Deny by default: every operation says whom it is for, and what is not public opens to nobody without a token."""

import re

import pytest
from httpx2 import ASGITransport, AsyncClient

from chassis.http.app import operations
from tests.apis import api_of, described
from tests.conftest import service

SERVICES = ("identity", "pricing", "orders", "notifications")
KINDS = {"public", "staff", "member", "staff-or-member"}
PUBLIC = re.compile(
    r"/v1/(applications|consumer-applications|application-questions/|invitation-links/|verifications|password-resets"
    r"|sessions|keys|access-requests$|staff-passwords)"
)


@pytest.mark.parametrize("name", SERVICES)
def test_every_operation_says_whom_it_is_for(name):
    found = operations(described(service(name)))
    assert len(found) > 3
    assert [one for one in found if one.access not in KINDS] == []
    assert [one for one in found if one.access == "public" and not PUBLIC.match(one.path)] == []


@pytest.mark.parametrize("name", SERVICES)
async def test_what_is_not_public_opens_to_nobody_without_a_token(name, new_database):
    database = await new_database(name)
    app = api_of(service(name), database)
    async with AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://api") as api:
        for operation in operations(app):
            if operation.access == "public":
                continue
            path = re.sub(r"\{[^}]+\}", "01a20430-71b0-7600-b3a5-6b2089d37483", operation.path)
            answer = await api.request(operation.method, path, json={}, headers={"If-Match": '"1"'})
            assert (answer.status_code, answer.json()["code"]) == (401, "token-missing"), operation
