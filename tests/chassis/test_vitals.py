"""What alarms look at: numbers that no piece of work would notice."""

from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from chassis import vitals
from chassis.vitals import Vitals
from tests.chassis.toy.app import Note
from tests.waiting import eventually, going

TOY = "tests.chassis.toy"


@pytest.fixture
async def database(new_database, monkeypatch):
    monkeypatch.setattr(vitals, "EVERY", 0.05)
    return await new_database(TOY)


def told(metric: str, service: str) -> float:
    return REGISTRY.get_sample_value(metric, {"service": service}) or 0.0


async def _above(metric: str, service: str, threshold: float) -> bool:
    return told(metric, service) > threshold


async def test_an_event_that_nobody_publishes_grows_old(database):
    async with going(Vitals("old", database, outbox=True).run()):
        assert told("countersign_outbox_oldest_seconds", "old") == 0
        async with database.transaction() as session:
            session.add(Note.write("waits"))
        await eventually(lambda: _above("countersign_outbox_oldest_seconds", "old", 0.2), seconds=10, what="old")


async def test_an_event_that_can_not_be_published_is_told_as_such_and_does_not_grow_old(database):
    async with database.transaction() as session:
        session.add(Note.write("too large"))
    async with database.transaction() as session:
        await session.execute(text("UPDATE outbox SET parked_reason = 'too large'"))
    async with going(Vitals("parked", database, outbox=True).run()):
        await eventually(lambda: _above("countersign_parked_outbox_events", "parked", 0), seconds=10, what="told")
        assert told("countersign_outbox_oldest_seconds", "parked") == 0


async def test_a_writing_transaction_of_another_database_is_seen(database, new_database):
    """F-P8: it keeps the dead rows of this one."""
    neighbour = await new_database(TOY)
    async with neighbour.engine.connect() as forgotten, going(Vitals("neighbour", database, outbox=True).run()):
        await forgotten.execute(text("SELECT pg_current_xact_id()"))

        async def seen() -> bool:
            async with database.transaction() as session:
                session.add(Note.write("others come and go"))
            return told("countersign_oldest_transaction_seconds", "neighbour") > 1

        await eventually(seen, seconds=20, what="the transaction seen")


@pytest.mark.parametrize(("told", "skew"), [(5, 5.0), (12, 0.0), (25, 5.0)])
def test_a_clock_is_wrong_by_what_no_delay_explains(told, skew):
    """Asked at 10, answered at 20."""
    at = [datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC) for second in (told, 10, 20)]
    assert vitals._outside(*at) == skew
