"""Everything that happened is in the log, once, for ever (ID-22)."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.ids import new_id
from contracts.catalogue import events
from contracts.identity.events import MemberRemoved
from contracts.identity.process_events import InvitationIssued
from contracts.pricing.events import TermsGiven
from contracts.pricing.states import AssigneeKind
from identity.activity_log.consumers import company_of, door_of, log_activity, with_activity_log
from identity.activity_log.models import Door
from identity.activity_log.queries import Wanted, activity
from identity.invitations.consumers import start_process, subscriptions
from tests.identity.activity_log.log import AT, COMPANY, envelope, log, seal


@pytest.fixture
async def database(new_database):
    return await new_database("identity")


async def read(database, **wanted):
    async with database.reading() as connection:
        return await activity(connection, Wanted(**wanted), limit=50)


async def test_who_when_what_and_for_whom_is_written_once(database):
    one = envelope()
    await log(database, one, one)
    (row,) = await read(database)
    assert (row.actor, row.happened_at, row.type, row.company_id) == ("staff:s-1", AT, MemberRemoved.type, COMPANY)
    assert (row.subject, row.correlation_id, row.source, row.door) == ("m-1", "c-1", "identity", Door.API)


async def test_it_is_filtered(database):
    by_process = envelope(3, actor="process:invitation/i-1", subject="m-9", correlation_id="c-9")
    await log(database, *(envelope(minute) for minute in range(3)), by_process)
    for wanted, found in (
        ({}, 4),
        ({"company_id": COMPANY}, 4),
        ({"company_id": new_id()}, 0),
        ({"type": MemberRemoved.type}, 4),
        ({"type": "countersign.orders.order.placed.v1"}, 0),
        ({"actor": "staff:s-1"}, 3),
        ({"since": AT + timedelta(minutes=1)}, 3),
        ({"until": AT + timedelta(minutes=1)}, 1),
        ({"since": AT + timedelta(minutes=1), "until": AT + timedelta(minutes=2), "door": Door.API}, 1),
        ({"door": Door.PROCESS}, 1),
        ({"subject": "m-9"}, 1),
        ({"correlation_id": "c-9"}, 1),
        ({"correlation_id": "c-9", "subject": "m-1"}, 0),
        ({"source": "identity"}, 4),
        ({"source": "orders"}, 0),
    ):
        assert len(await read(database, **wanted)) == found, wanted


async def test_the_latest_is_first_whatever_was_written_first(database):
    await log(database, envelope(2))
    await log(database, envelope(0), envelope(1), envelope(1))
    rows = await read(database)
    assert [row.happened_at - AT for row in rows] == [timedelta(minutes=minute) for minute in (2, 1, 1, 0)]
    assert rows[1].id > rows[2].id


@pytest.mark.parametrize(
    ("envelope", "door"),
    [
        (envelope(), Door.API),
        (envelope(actor="member:m-1", causation_id=str(new_id())), Door.API),
        (envelope(actor="contact:c-1"), Door.API),
        (envelope(actor=None), Door.API),
        (envelope(actor=None, causation_id=str(new_id())), Door.SYSTEM),
        (envelope(actor=None, correlation_id=None), Door.SYSTEM),
        (envelope(actor="reconcile"), Door.SYSTEM),
        (envelope(actor="process:order-attestation/O-1", causation_id="order-attestation/O-1/7"), Door.PROCESS),
        (envelope(actor="operator:anna", causation_id="order-attestation/O-1/7"), Door.OPERATOR),
        (envelope(actor="operator:staff:s-1", causation_id="order-attestation/O-1/7"), Door.OPERATOR),
        (envelope(actor="operator:command-line"), Door.OPERATOR),
    ],
)
def test_the_door_is_that_of_the_act_that_an_event_follows_from(envelope, door):
    assert door_of(envelope) is door


@pytest.mark.parametrize("table", ["activity", "activity_seals"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
async def test_nobody_rewrites_it(database, table, statement):
    await log(database, envelope())
    await seal(database)
    column = "subject" if table == "activity" else "hash"
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.transaction() as session:
            await session.execute(text(statement.format(table, column, column)))
    async with database.reading() as connection:
        assert await connection.scalar(text(f"SELECT count(*) FROM {table}")) == 1


def test_every_event_of_every_service_is_logged_beside_its_other_handlers():
    logged = with_activity_log(subscriptions)
    assert {event for one in logged for event in one.handlers} == {
        event for event in events.values() if not event.topic.compacted
    }
    handler = next(one.handlers[InvitationIssued] for one in logged if InvitationIssued in one.handlers)
    assert handler not in (log_activity, start_process)


def test_the_company_is_found_also_where_it_is_an_assignee():
    assert company_of(MemberRemoved(member_id=new_id(), company_id=COMPANY, contact_id=new_id())) == COMPANY
    terms = {"assignee": str(COMPANY), "price_list": "wholesale"}
    assert company_of(TermsGiven(assignee_kind=AssigneeKind.COMPANY, **terms)) == COMPANY
    assert company_of(TermsGiven(assignee_kind=AssigneeKind.CONTACT, **terms)) is None
    assert company_of(TermsGiven(assignee_kind=AssigneeKind.GROUP, assignee="gold", price_list="w")) is None
