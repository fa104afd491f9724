"""ID-04: orders are booked on projects of their company."""

import csv
import io
from datetime import timedelta
from uuid import UUID

import pytest

from chassis import clock
from chassis.ids import new_id
from contracts.identity.states import ProjectState
from contracts.identity.values import Permission
from tests.orders.world import Person, World, code

UNKNOWN = (422, "project-unknown")
DAY = timedelta(days=1)


async def project(world: World, company_id: UUID, project_id: UUID | None = None, **changed) -> str:
    """As identity publishes it now."""
    project_id = project_id or new_id()
    values = {"code": "canteen", "active": True, **changed}
    await world.publish(str(project_id), ProjectState(project_id=project_id, company_id=company_id, **values))
    return str(project_id)


@pytest.fixture
async def buyer(world: World) -> Person:
    return await world.buyer(await world.company())


async def test_an_order_is_booked_on_a_project_said_in_its_events_and_found_by_it(world, buyer):
    of_company = await project(world, buyer.company_id)
    answer = await world.submit(buyer, project_id=of_company)
    assert answer.status_code == 201
    elsewhere = await world.submit(buyer)
    read = await world.http.get(answer.headers["Location"], headers=buyer.headers)
    assert read.json()["project_id"] == of_company
    told = await world.values(answer.json()["order_id"], "submitted", "placed")
    assert [one["project_id"] for one in told] == [of_company, of_company]
    exported = await world.http.get("/v1/orders/export", headers=world.staff)
    booked = {row["number"]: row["project_id"] for row in csv.DictReader(io.StringIO(exported.text))}
    assert booked == {answer.json()["number"]: of_company, elsewhere.json()["number"]: ""}
    found = await world.http.get(f"/v1/orders?project_id={of_company}", headers=buyer.headers)
    assert [one["order_id"] for one in found.json()["items"]] == [answer.json()["order_id"]]
    assert elsewhere.json()["order_id"] != answer.json()["order_id"]


async def test_a_project_of_another_company_is_none(world, buyer):
    theirs = await project(world, await world.company())
    for unknown in (theirs, str(new_id())):
        refused = await world.submit(buyer, project_id=unknown)
        assert (code(refused), refused.json()["errors"][0]["pointer"]) == (UNKNOWN, "/project_id")


async def test_a_closed_project_is_booked_on_no_more(world, buyer):
    project_id = new_id()
    of_company = await project(world, buyer.company_id, project_id)
    assert (await world.submit(buyer, project_id=of_company)).status_code == 201
    await project(world, buyer.company_id, project_id, active=False)
    assert code(await world.submit(buyer, project_id=of_company)) == UNKNOWN


async def test_a_project_is_booked_on_from_its_first_day_to_its_last(world, buyer):
    today = clock.now().date()
    for first, last, status in (
        (today, today, 201),
        (None, today, 201),
        (today - DAY, None, 201),
        (today + 2 * DAY, None, 422),  # a test that runs at midnight has seen another day
        (None, today - DAY, 422),
    ):
        of_company = await project(world, buyer.company_id, valid_from=first, valid_until=last)
        assert (await world.submit(buyer, project_id=of_company)).status_code == status, (first, last)


async def test_a_members_own_project_is_booked_on_by_him_and_by_staff_for_the_company(world, buyer):
    colleague = await world.member(buyer.company_id, Permission.BUY)
    own = await project(world, buyer.company_id, contact_id=buyer.contact_id)
    assert (await world.submit(buyer, project_id=own)).status_code == 201
    assert code(await world.submit(colleague, project_id=own)) == UNKNOWN
    cart = world.signed(world.cart(buyer.company_id, None))
    assert (await world.submit_signed(world.staff, cart, project_id=own)).status_code == 201
