"""The relay: the only one who publishes. One leads per service, and only the leader can mark rows as published.

Its leadership is an advisory lock on the connection that marks the rows. A process that stops loses the connection after
`LEASE` (`idle_session_timeout`) and with it both; what it published and did not mark is published again by the next one.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import compress
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from prometheus_client import Counter, Gauge

from chassis.batches import Batches, Outgoing
from chassis.clock import now
from chassis.database import Database
from chassis.housekeeping import Duty, keep_house
from chassis.waking import CHANNEL
from contracts.shared.envelope import Envelope

log = logging.getLogger(__name__)

LEASE = "5s"
BATCH = 500
POLL_MIN, POLL_MAX = 0.01, 0.05
HOUSEKEEPING_EVERY = 60.0
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('countersign relay', 0))"

_TAKE = """
SELECT id, created_at, event_id, topic, key, type, sequence, value, headers
FROM outbox o
WHERE published_at IS NULL AND parked_reason IS NULL AND NOT EXISTS (
    SELECT FROM outbox p
    WHERE p.parked_reason IS NOT NULL AND p.published_at IS NULL AND p.topic = o.topic AND p.key = o.key)
ORDER BY id
LIMIT $1
"""
_MARK = "UPDATE outbox SET published_at = clock_timestamp() WHERE id = ANY($1::bigint[]) AND created_at >= $2"
_PARK = "UPDATE outbox SET parked_reason = $3 WHERE id = $1 AND created_at = $2"
_OLDEST = "SELECT min(created_at) FROM outbox WHERE published_at IS NULL"

published = Counter("countersign_relay_published_total", "Events published", ["service"])
leading = Gauge("countersign_relay_leading", "1 while this process leads", ["service"])
oldest_age = Gauge("countersign_outbox_oldest_seconds", "Age of the oldest unpublished event", ["service"])
parked = Counter("countersign_outbox_parked_total", "Events that can not be published", ["service"])


class Relay:
    """Publishes the outbox of one service, in order per key, at least once."""

    def __init__(
        self, service: str, database: Database, kafka: str, *, epoch: int = 1, duties: Sequence[Duty] = ()
    ) -> None:
        self._duties = duties
        self.service = service
        self._database = database
        self._kafka = kafka
        self._epoch = epoch
        self._oldest: datetime | None = None
        self.connected = False

    @property
    def lag_seconds(self) -> float:
        """Age of the oldest unpublished row when last looked at."""
        return (now() - self._oldest).total_seconds() if self._oldest else 0.0

    async def run(self) -> None:
        """Until cancelled. Whatever breaks, it connects again."""
        pause = 0.1
        while True:
            try:
                await self._connect_and_lead()
                pause = 0.1
            except Exception as error:  # noqa: BLE001 - whatever breaks here, the next connection starts clean
                log.warning("relay interrupted, connecting again", extra={"error": repr(error)})
            finally:
                self.connected = False
                leading.labels(self.service).set(0)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _connect_and_lead(self) -> None:
        connection = await asyncpg.connect(
            self._database.url.replace("+asyncpg", ""),
            timeout=5,
            command_timeout=15,
            server_settings={"application_name": f"{self.service}-relay", "idle_session_timeout": LEASE},
        )
        producer = AIOKafkaProducer(
            bootstrap_servers=self._kafka,
            client_id=f"{self.service}-relay",
            acks="all",
            enable_idempotence=True,
            max_batch_size=262_144,
            request_timeout_ms=15_000,
        )
        try:
            await producer.start()
            self.connected = True
            while not await connection.fetchval(_LOCK):
                self._oldest = await connection.fetchval(_OLDEST)
                await asyncio.sleep(0.5)
            leading.labels(self.service).set(1)
            log.info("relay leads")
            await self._lead(connection, producer)
        finally:
            connection.terminate()
            await producer.stop()

    async def _lead(self, connection: Any, producer: AIOKafkaProducer) -> None:
        woken = asyncio.Event()
        await connection.add_listener(CHANNEL, lambda *_: woken.set())
        take, mark = await connection.prepare(_TAKE), await connection.prepare(_MARK)
        pause, next_look, next_housekeeping = POLL_MIN, 0.0, 0.0
        clock = asyncio.get_running_loop().time
        while True:
            woken.clear()
            rows = await take.fetch(BATCH)
            if rows:
                await self._publish(connection, mark, producer, rows)
                pause = POLL_MIN
            if clock() >= next_look:
                self._oldest = await connection.fetchval(_OLDEST) if rows else None
                oldest_age.labels(self.service).set(self.lag_seconds)
                next_look = clock() + 1.0
            if clock() >= next_housekeeping:
                await keep_house(self._database, self._duties)
                next_housekeeping = clock() + HOUSEKEEPING_EVERY
            if len(rows) < BATCH:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await woken.wait()
                pause = min(pause * 1.5, POLL_MAX)

    async def _publish(self, connection: Any, mark: Any, producer: AIOKafkaProducer, rows: list[Any]) -> None:
        wrong = await Batches(producer).send(
            Outgoing(row["topic"], row["key"].encode(), row["value"], self._headers(row)) for row in rows
        )
        confirmed = [row for position, row in enumerate(rows) if position not in wrong]
        if confirmed:
            await mark.fetch([row["id"] for row in confirmed], min(row["created_at"] for row in confirmed))
            published.labels(self.service).inc(len(confirmed))
        for position, error in wrong.items():
            raise error

    def _headers(self, row: Any) -> list[tuple[str, bytes]]:
        stamp = orjson.loads(row["headers"])
        return Envelope(
            id=row["event_id"],
            type=row["type"],
            source=f"/countersign/{self.service}",
            subject=row["key"],
            time=datetime.fromisoformat(stamp["time"]),
            epoch=self._epoch,
            sequence=row["sequence"],
            correlation_id=stamp["correlation_id"],
            causation_id=stamp["causation_id"],
            actor=stamp["actor"],
            traceparent=stamp["traceparent"],
        ).to_headers()
