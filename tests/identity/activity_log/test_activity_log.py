"""Everything that happened is in the log, once, for ever (ID-22)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.consumers import Delivery, Inserts
from chassis.ids import new_id
from chassis.processes import Processes
from contracts.catalogue import events
from contracts.identity.events import InvitationIssued, MemberRemoved
from contracts.pricing.events import TermsGiven
from contracts.pricing.states import AssigneeKind
from contracts.shared.envelope import Envelope
from identity.activity_log.consumers import company_of, log_activity, with_activity_log
from identity.activity_log.queries import Wanted, activity
from identity.invitations.consumers import start_process, subscriptions

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COMPANY = new_id()


@pytest.fixture
async def database(new_database):
    return await new_database("identity")


def removed() -> MemberRemoved:
    return MemberRemoved(member_id=new_id(), company_id=COMPANY, contact_id=new_id())


NO_PROCESSES = Processes(None)  # type: ignore[arg-type]  # the log starts nothing


async def log(database, *envelopes: Envelope) -> None:
    inserts = Inserts()
    async with database.transaction() as session:
        for envelope in envelopes:
            await log_activity(Delivery(session, NO_PROCESSES, envelope, AT, inserts), removed())
        await inserts.write(session)


def envelope(minute: int = 0) -> Envelope:
    at = AT + timedelta(minutes=minute)
    return Envelope(
        new_id(), MemberRemoved.type, "/countersign/identity", "m-1", at, 1, 3, "c-1", None, "staff:s-1", None
    )


async def read(database, **wanted):
    async with database.reading() as connection:
        return await activity(connection, Wanted(**wanted), limit=50, cursor=None)


async def test_who_when_what_and_for_whom_is_written_once(database):
    one = envelope()
    await log(database, one, one)
    (row,) = await read(database)
    assert (row.actor, row.happened_at, row.type, row.company_id) == ("staff:s-1", AT, MemberRemoved.type, COMPANY)
    assert (row.subject, row.correlation_id, row.source) == ("m-1", "c-1", "identity")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"company_id": COMPANY}, 3),
        ({"company_id": new_id()}, 0),
        ({"type": MemberRemoved.type}, 3),
        ({"type": "countersign.orders.order.placed.v1"}, 0),
        ({"actor": "staff:s-1"}, 3),
        ({"since": AT + timedelta(minutes=1)}, 2),
        ({"until": AT + timedelta(minutes=1)}, 1),
    ],
)
async def test_it_is_filtered(database, wanted, found):
    await log(database, *(envelope(minute) for minute in range(3)))
    assert len(await read(database, **wanted)) == found


@pytest.mark.parametrize("statement", ["UPDATE activity SET actor = 'me'", "DELETE FROM activity", "TRUNCATE activity"])
async def test_nobody_rewrites_it(database, statement):
    await log(database, envelope())
    with pytest.raises(DBAPIError):
        async with database.transaction() as session:
            await session.execute(text(statement))
    assert len(await read(database)) == 1


def test_every_event_of_every_service_is_logged_beside_its_other_handlers():
    logged = with_activity_log(subscriptions)
    assert {event for one in logged for event in one.handlers} == {
        event for event in events.values() if not event.topic.compacted
    }
    handler = next(one.handlers[InvitationIssued] for one in logged if InvitationIssued in one.handlers)
    assert handler not in (log_activity, start_process)


def test_the_company_is_found_also_where_it_is_an_assignee():
    assert company_of(removed()) == COMPANY
    terms = {"assignee": str(COMPANY), "price_list": "wholesale"}
    assert company_of(TermsGiven(assignee_kind=AssigneeKind.COMPANY, **terms)) == COMPANY
    assert company_of(TermsGiven(assignee_kind=AssigneeKind.CONTACT, **terms)) is None
    assert company_of(TermsGiven(assignee_kind=AssigneeKind.GROUP, assignee="gold", price_list="w")) is None
