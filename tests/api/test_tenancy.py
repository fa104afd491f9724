"""Nobody is given anything of a company that is not his, by any operation of any service, and nobody can tell that it is there.

The operations are those of the OpenAPI documents; how each is asked stands in `tests.api.probes`.
"""

from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import Forbidden, NotFound
from chassis.http.app import operations
from chassis.ids import new_id
from contracts.identity.tokens import StaffClaims
from orders.orders.models import Order
from tests.api.installation import SERVICES
from tests.api.probes import PROBES
from tests.api.walk import everything, kept, leaks, rightful
from tests.conftest import service


@pytest.mark.parametrize("name", SERVICES)
def test_every_documented_operation_is_asked(name):
    """An operation without a line in `tests.api.probes` is not tested for leaks, and fails here."""
    assert set(PROBES[name]) == {f"{one.method} {one.path}" for one in operations(service(name).api())}
    assert all(PROBES[name].values())


async def test_nobody_is_given_or_told_anything_of_another_company(planted):
    """By no operation: neither strangers with and without tokens, nor who was a member, nor who is suspended; nor is
    anything changed by them."""
    before = await kept(planted.merchant, planted.world)
    assert len(before) > 30
    assert await leaks(planted.merchant, planted.world, everything(planted.merchant)) == []
    assert await kept(planted.merchant, planted.world) == before


async def test_whoever_it_is_for_reaches_all_that_strangers_were_refused(copy):
    """So the walk asks for what is there, in the form that the operation takes."""
    refused = []
    for one in everything(copy.merchant):
        answer = await rightful(copy.merchant, copy.world, one)
        expected = {one.probe.answers} if one.probe.answers else {200, 201, 202, 204}
        if answer.status_code not in expected:
            refused.append(f"{one.name} {one.probe.query} {answer.status_code} {answer.text[:200]}")
    assert refused == []


# -- the walk finds what it is there for ------------------------------------------------------------------------------


def _anybody(*_: Any) -> None:
    """In place of a check that refuses."""


def _every_company(_caller: Any) -> UUID | None:
    """In place of the caller's own."""
    return None


async def _tells(connection: AsyncConnection, order_id: UUID, _caller: Any) -> Any:
    """In place of a lookup: nothing is shown, and yet everybody learns which orders there are."""
    raise Forbidden("not-yours") if await connection.scalar(select(Order.id).where(Order.id == order_id)) else NotFound


SEEDED: list[tuple[str, str, Any]] = [
    ("identity GET /v1/companies/{company_id}/members", "identity.members.routes.may_manage", _anybody),
    ("identity PATCH /v1/members/{member_id}", "identity.members.routes.managed_company", _every_company),
    ("identity DELETE /v1/members/{member_id}", "identity.members.routes.managed_company", _every_company),
    ("identity POST /v1/companies/{company_id}/invitations", "identity.invitations.routes.may_manage", _anybody),
    (
        "identity POST /v1/invitations/{invitation_id}/extend",
        "identity.invitations.routes.managed_company",
        _every_company,
    ),
    ("identity PATCH /v1/locations/{location_id}", "identity.locations.routes.managed_company", _every_company),
    (
        "identity DELETE /v1/members/{member_id}/sessions",
        "identity.sign_in.session_routes.managed_company",
        _every_company,
    ),
    ("identity GET /v1/activity", "identity.activity_log.routes.managed_company", _every_company),
    ("orders GET /v1/orders", "orders.orders.queries.visible", lambda _: true()),
    ("orders GET /v1/orders/{order_id}", "orders.orders.queries.visible", lambda _: true()),
    ("orders GET /v1/orders/{order_id}", "orders.orders.routes.find_order", _tells),
    ("orders POST /v1/orders", "orders.orders.routes.must_belong", _anybody),
    ("orders POST /v1/orders/{order_id}/attest", "orders.attestation.commands._company_of", _every_company),
    ("orders PUT /v1/limits/companies/{company_id}", "orders.limits.routes._may_manage", _anybody),
    ("pricing POST /v1/prices", "pricing.priced_carts.routes._company_of", lambda _, named: named),
]
"""The operation that leaks, when this scope is taken away from it."""


async def test_a_scope_that_is_missing_is_found(copy, monkeypatch):
    """Whichever it is."""
    missed = []
    for name, scope, broken in SEEDED:
        asked = [one for one in everything(copy.merchant) if one.name == name]
        with monkeypatch.context() as patched:
            patched.setattr(scope, broken)
            if not await leaks(copy.merchant, copy.world, asked):
                missed.append(f"{name} without {scope}")
    assert missed == []


async def test_whoever_is_taken_for_staff_is_found(copy):
    """Every reading operation for staff alone is a leak, once anybody counts as staff."""
    staff = StaffClaims(sub=UUID(copy.world.theirs.things["staff_id"]), sid=new_id())
    for name, app in copy.merchant.apps.items():
        module = import_module(f"{name}.access")
        app.dependency_overrides[getattr(module, "_staff", None) or module.staff_claims] = lambda: staff
    asked = [
        one for one in everything(copy.merchant) if (one.operation.access, one.operation.method) == ("staff", "GET")
    ]
    found = {one.operation for one in await leaks(copy.merchant, copy.world, asked)}
    assert {one.name for one in asked} - found == set()
