"""What alarms look at and no piece of work would notice itself: looked at every few seconds, however the work goes.

`deploy/alarms.yaml` has the thresholds.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Gauge
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import clock
from chassis.database import Database
from chassis.transient import is_transient

log = logging.getLogger(__name__)

EVERY = 5.0
PATIENCE = 10.0
"""Seconds: between two looks, and for one."""

_CLOCK = text("SELECT clock_timestamp()")
_OUTBOX = text("""
SELECT
    (SELECT min(created_at) FROM outbox o
     WHERE published_at IS NULL AND parked_reason IS NULL AND NOT EXISTS (
        SELECT FROM outbox p
        WHERE p.parked_reason IS NOT NULL AND p.published_at IS NULL AND p.topic = o.topic AND p.key = o.key)) AS oldest,
    (SELECT count(*) FROM outbox WHERE parked_reason IS NOT NULL AND published_at IS NULL) AS unpublishable,
    (SELECT count(*) FROM parked_events WHERE status = 'parked') AS parked,
    (SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables WHERE relname LIKE 'outbox%') AS dead,
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest_running,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next
""")
"""Snapshots count the writing transactions of the whole cluster, prepared and other databases' ones too, and any role may
look; dead rows stay as long as the oldest of them runs."""

unseen = Gauge("countersign_database_unseen_seconds", "Since the database answered", ["service"])
skew = Gauge("countersign_clock_skew_seconds", "Between this process's clock and the database's", ["service"])
outbox_oldest = Gauge("countersign_outbox_oldest_seconds", "Age of the oldest event to be published", ["service"])
outbox_parked = Gauge("countersign_parked_outbox_events", "Events that can not be published", ["service"])
outbox_dead = Gauge("countersign_outbox_dead_rows", "Rows of the outbox that nobody may remove yet", ["service"])
events_parked = Gauge("countersign_parked_events", "Events that wait for an operator", ["service"])
oldest_transaction = Gauge(
    "countersign_oldest_transaction_seconds", "How long the oldest writing transaction of the cluster runs", ["service"]
)


@dataclass(frozen=True)
class _Running:
    """A transaction that still runs, and since when we know it."""

    id: int
    since: datetime


class Vitals:
    """Looks at the database of one service."""

    def __init__(self, service: str, database: Database, *, outbox: bool) -> None:
        """
        Args:
            outbox: also at what the relay and the consumers leave behind; once per service is enough.
        """
        self._service = service
        self._database = database
        self._outbox = outbox
        self._seen = clock.now()
        self._oldest: datetime | None = None
        self._running: _Running | None = None
        unseen.labels(service).set_function(lambda: _since(self._seen))
        if outbox:
            outbox_oldest.labels(service).set_function(lambda: self.outbox_age)
            oldest_transaction.labels(service).set_function(
                lambda: _since(self._running.since if self._running else None)
            )

    @property
    def outbox_age(self) -> float:
        """Seconds since the oldest event that is to be published was written."""
        return _since(self._oldest)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with asyncio.timeout(PATIENCE), self._database.reading() as connection:
                    await self._look(connection)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.debug("the database can not be looked at", extra={"error": repr(error)[:200]})
            await asyncio.sleep(EVERY)

    async def _look(self, connection: AsyncConnection) -> None:
        asked = clock.now()
        told = await connection.scalar(_CLOCK)
        self._seen = clock.now()
        skew.labels(self._service).set(_outside(told, asked, self._seen))
        if not self._outbox:
            return
        found = (await connection.execute(_OUTBOX)).one()
        self._oldest = found.oldest
        outbox_parked.labels(self._service).set(found.unpublishable)
        events_parked.labels(self._service).set(found.parked)
        outbox_dead.labels(self._service).set(found.dead)
        if found.oldest_running >= found.next:
            self._running = None
        elif self._running is None or self._running.id != found.oldest_running:
            self._running = _Running(found.oldest_running, self._seen)


def _since(moment: datetime | None) -> float:
    return max(0.0, (clock.now() - moment).total_seconds()) if moment else 0.0


def _outside(told: datetime, asked: datetime, answered: datetime) -> float:
    """By how much the database's moment lies outside of those of question and answer."""
    return max((asked - told).total_seconds(), (told - answered).total_seconds(), 0.0)
