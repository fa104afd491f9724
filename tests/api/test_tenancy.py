"""Nobody is given anything of a company that is not his, by any operation of any service, and nobody can tell that it is there.

The operations are those of the OpenAPI documents; how each is asked stands in `tests.api.probes`.
"""

from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import Forbidden, NotFound
from chassis.http.app import operations
from chassis.ids import new_id
from contracts.identity.operations import SIGNED_IN
from contracts.identity.tokens import StaffClaims
from contracts.identity.values import StaffPermission
from orders.orders.models import Order
from tests.api.installation import SERVICES
from tests.api.probes import PROBES
from tests.api.walk import everything, kept, leaks, rightful
from tests.apis import described
from tests.conftest import service


@pytest.mark.parametrize("name", SERVICES)
def test_every_documented_operation_is_asked(name):
    """An operation without a line in `tests.api.probes` is not tested for leaks, and fails here."""
    assert set(PROBES[name]) == {f"{one.method} {one.path}" for one in operations(described(service(name)))}
    assert all(PROBES[name].values())


async def test_nobody_is_given_or_told_anything_of_another_company(planted):
    """By no operation: neither strangers with and without tokens, nor who was a member, nor who is suspended, nor the
    sales representative of another company (ID-20), nor one of the staff without permissions (ID-21); nor is anything
    changed by them."""
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


async def test_a_representative_reads_what_is_of_his_own_company(planted):
    """ID-20: he is no stranger there, so what he was refused was refused because it is another's."""
    merchant, world = planted.merchant, planted.world
    read, things = [], world.ours.things
    for one in everything(merchant):
        if one.operation.method == "GET" and one.names_an_object and one.operation.access != "public":
            answer = await one.send(merchant, world.representative, things, things)
            if answer.status_code == 403:
                assert answer.json()["permission"] == StaffPermission.SEE_ALL_COMPANIES
                assert not one.for_own
            else:
                assert answer.status_code == 200, one.name
                read.append(one.name)
    assert len(read) > 15


async def test_staff_without_permissions_are_told_which_one_is_missing(planted):
    """ID-21: by every operation but those of one's own account; what is a company's is not there for them (ID-20)."""
    merchant, world = planted.merchant, planted.world
    for one in everything(merchant):
        if one.needs not in (None, SIGNED_IN):
            things = world.theirs.things
            answer = await one.send(merchant, world.trainee, things, things)
            problem = answer.json()
            if problem["code"] == "not-found":
                assert one.names_an_object, one.name
            else:
                assert (answer.status_code, problem["code"], problem["permission"]) == (
                    403,
                    "permission-missing",
                    one.needs,
                ), one.name


# -- the walk finds what it is there for ------------------------------------------------------------------------------


def _anybody(*_: Any) -> None:
    """In place of a check that refuses."""


def _every_company(_caller: Any) -> UUID | None:
    """In place of the caller's own."""
    return None


async def _tells(connection: AsyncConnection, order_id: UUID, _caller: Any) -> Any:
    """In place of a lookup: nothing is shown, and yet everybody learns which orders there are."""
    raise Forbidden("not-yours") if await connection.scalar(select(Order.id).where(Order.id == order_id)) else NotFound


def _all(*_: Any) -> ColumnElement[bool]:
    """In place of the companies of whom he is the sales representative."""
    return true()


async def _unasked(*_: Any) -> None:
    """In place of a question that is refused."""


async def _leads(*_: Any) -> bool:
    """In place of whether the path leads to one of his companies."""
    return True


def _nothing(*_: Any, **__: Any) -> None:
    """In place of what the caller lacks."""


SEES = "contracts.identity.tokens.StaffClaims.sees"
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
    ("identity POST /v1/companies/{company_id}/projects", "identity.projects.routes.may_manage", _anybody),
    ("identity PATCH /v1/projects/{project_id}", "identity.projects.routes.managed_company", _every_company),
    ("identity POST /v1/projects/{project_id}/close", "identity.projects.routes.managed_company", _every_company),
    (
        "identity PUT /v1/members/{member_id}/substitution",
        "identity.members.substitution_routes.managed_company",
        _every_company,
    ),
    ("orders GET /v1/orders", "orders.orders.queries.visible", lambda _: true()),
    ("orders GET /v1/orders/{order_id}", "orders.orders.queries.visible", lambda _: true()),
    ("orders GET /v1/orders/{order_id}", "orders.orders.routes.find_order", _tells),
    ("orders POST /v1/orders", "orders.orders.routes.must_belong", _anybody),
    ("orders POST /v1/orders/{order_id}/attest", "orders.attestation.commands._account_of", _every_company),
    ("orders PUT /v1/limits/companies/{company_id}", "orders.limits.routes._may_manage", _anybody),
    ("pricing POST /v1/prices", "pricing.priced_carts.routes._company_of", lambda _, named: named),
]
"""The operation that leaks, when this scope is taken away from it."""
SEEDED_FOR_STAFF: list[tuple[str, str, Any]] = [
    ("identity GET /v1/companies", "identity.companies.routes.own_companies", _all),
    ("identity GET /v1/companies/{company_id}", "identity.staff.companies.own_companies", _all),
    ("identity GET /v1/companies/{company_id}/merge", "identity.merging.routes.must_own", _unasked),
    ("identity POST /v1/contacts", "identity.contacts.routes.must_own", _unasked),
    ("identity GET /v1/contacts", "identity.contacts.routes.own_contacts", _all),
    ("identity GET /v1/applications", "identity.applications.routes.own_companies", _all),
    ("identity GET /v1/applications/{application_id}", "identity.applications.routes.own_companies", _all),
    ("identity GET /v1/exports/companies", "identity.exports.routes.own_companies", _all),
    ("identity GET /v1/exports/members", "identity.exports.routes.own_companies", _all),
    ("identity DELETE /v1/members/{member_id}", "identity.access.leads_to_own_company", _leads),
    ("identity PATCH /v1/companies/{company_id}", "identity.access.leads_to_own_company", _leads),
    ("pricing POST /v1/priced-carts", SEES, lambda *_: True),
    ("pricing GET /v1/terms/{kind}/{assignee}", SEES, lambda *_: True),
    ("orders POST /v1/orders", SEES, lambda *_: True),
    ("orders GET /v1/orders", "orders.orders.queries.is_his", _all),
    ("orders GET /v1/orders/export", "orders.orders.queries.is_his", _all),
    ("orders GET /v1/orders/{order_id}", "orders.own_companies.is_his", _all),
    ("orders POST /v1/orders/{order_id}/cancel", "orders.access.leads_to_own_company", _leads),
    ("orders PUT /v1/limits/companies/{company_id}", "orders.access.leads_to_own_company", _leads),
    ("identity GET /v1/groups", "identity.access.permission_lacking", _nothing),
    ("pricing GET /v1/articles", "pricing.access.permission_lacking", _nothing),
    ("orders GET /v1/policies/placement", "orders.access.permission_lacking", _nothing),
    ("notifications GET /v1/deliveries", "notifications.access.permission_lacking", _nothing),
    ("identity POST /v1/companies/{company_id}/merge", "identity.merging.routes.must_own", _unasked),
]
"""The same for those of the staff who do not come to every company. A merge is last: it ends one."""


@pytest.mark.parametrize("seeded", [SEEDED, SEEDED_FOR_STAFF], ids=["of members", "of staff"])
async def test_a_scope_that_is_missing_is_found(copy, monkeypatch, seeded):
    """Whichever it is."""
    missed = []
    for name, scope, broken in seeded:
        asked = [one for one in everything(copy.merchant) if one.name == name]
        with monkeypatch.context() as patched:
            patched.setattr(scope, broken)
            if not await leaks(copy.merchant, copy.world, asked):
                missed.append(f"{name} without {scope}")
    assert missed == []


async def test_whoever_is_taken_for_staff_is_found(copy, monkeypatch):
    """Every reading operation for staff alone is a leak, once anybody counts as staff."""
    staff = StaffClaims(
        sub=UUID(copy.world.theirs.things["staff_id"]), sid=new_id(), permissions=frozenset(StaffPermission)
    )
    for name, app in copy.merchant.apps.items():
        module = import_module(f"{name}.access")
        claims = getattr(module, "_staff", None) or module.staff_claims
        monkeypatch.setitem(app.dependency_overrides, claims, lambda: staff)
    asked = [
        one for one in everything(copy.merchant) if (one.operation.access, one.operation.method) == ("staff", "GET")
    ]
    found = {one.operation for one in await leaks(copy.merchant, copy.world, asked)}
    assert {one.name for one in asked} - found == set()
