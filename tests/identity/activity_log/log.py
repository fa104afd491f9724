"""Rows of the activity log, written as its consumer writes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from chassis.consumers import Delivery, Inserts
from chassis.database import Database
from chassis.ids import new_id
from chassis.processes import Processes
from contracts.identity.events import MemberRemoved
from contracts.shared.envelope import Envelope
from identity.activity_log.consumers import log_activity
from identity.activity_log.sealing import seal_activity

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COMPANY = new_id()
NO_PROCESSES = Processes(None)  # type: ignore[arg-type]  # the log starts nothing

_MANY = text(
    "INSERT INTO activity (event_id, happened_at, type, actor, door, company_id, subject, correlation_id, source) "
    "SELECT gen_random_uuid(), CAST(:at AS timestamptz), 't', 'staff:s-1', 'api', :company, 'm-' || n, 'c-1', 'identity' "
    "FROM generate_series(1, :many) n"
)


def envelope(minute: int = 0, **other: Any) -> Envelope:
    at = AT + timedelta(minutes=minute)
    plain = Envelope(
        new_id(), MemberRemoved.type, "/countersign/identity", "m-1", at, 1, 3, "c-1", None, "staff:s-1", None
    )
    return plain._replace(**other)


async def log(database: Database, *envelopes: Envelope, company=COMPANY) -> None:
    inserts = Inserts()
    removed = MemberRemoved(member_id=new_id(), company_id=company, contact_id=new_id())
    async with database.transaction() as session:
        for one in envelopes:
            await log_activity(Delivery(session, NO_PROCESSES, one, AT, inserts), removed)
        await inserts.write(session)


async def log_many(database: Database, many: int) -> None:
    """All of one moment."""
    async with database.transaction() as session:
        await session.execute(_MANY, {"at": AT, "company": COMPANY, "many": many})


async def seal(database: Database) -> None:
    """As a worker does, until nothing waits."""
    while await seal_activity(database, {}, AT):
        pass
