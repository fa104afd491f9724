"""The relay: the only one who publishes. One leads per service, and only the leader can mark rows as published.

Its leadership is an advisory lock on the connection that marks the rows. A process that stops loses the connection after
`LEASE` (`idle_session_timeout`) and with it both; what it published and did not mark is published again by the next one.
Should it wake up with a batch in its hands, the broker refuses it where the next one has published (`chassis.fencing`).
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import asyncpg
import orjson
from aiokafka.errors import MessageSizeTooLargeError
from prometheus_client import Counter, Gauge

from chassis.batches import Batches, Outgoing
from chassis.database import Database
from chassis.fencing import RENEWED_EVERY, FencedProducer
from chassis.floor import Floor
from chassis.housekeeping import Duty, keep_house
from chassis.restored import Restored, found, last_published, refuse_restored
from chassis.waking import CHANNEL
from contracts.shared.envelope import Envelope
from contracts.shared.topic import Topic

log = logging.getLogger(__name__)

T = TypeVar("T")

LEASE = "5s"
BATCH = 500
MAX_BATCH = 262_144
"""Bytes of a batch to Kafka; a larger event is one of its own."""
LARGEST = 1_000_000
"""Bytes of an event: brokers take so much as they are delivered (`message.max.bytes`), with its headers."""
POLL_MIN, POLL_MAX = 0.01, 0.25
IN_ONE_GO = 0.5
"""Seconds in which each look begins behind the one before it; then one begins at the floor, and sees what was committed late."""
APART = 0.015
"""Seconds between two looks while there is no backlog: commits that come faster are published together."""
HOUSEKEEPING_EVERY = 60.0
CHECKED_WITHIN = 20.0
"""Seconds for a look at what was published; then everything is connected again."""
TAKE_LEAD = "SELECT pg_try_advisory_lock(hashtextextended('countersign relay', 0))"
"""True: whoever holds this connection leads, until it ends."""

_TAKE = """
WITH stopped AS MATERIALIZED (SELECT topic, key, published_at FROM outbox WHERE parked_reason IS NOT NULL)
SELECT id, created_at, event_id, topic, key, type, sequence, value, headers
FROM outbox
WHERE id > $2 AND published_at IS NULL AND parked_reason IS NULL
AND (topic, key) NOT IN (SELECT topic, key FROM stopped WHERE published_at IS NULL)
ORDER BY id
LIMIT $1
"""
"""Parked rows are asked for apart, and for nothing else: that only their own index serves, which is next to empty."""
_MARK = "UPDATE outbox SET published_at = clock_timestamp() WHERE id = ANY($1::bigint[]) AND created_at >= $2"
_PARK = "UPDATE outbox SET parked_reason = $3 WHERE id = $1 AND created_at = $2"

published = Counter("countersign_relay_published_total", "Events published", ["service"])
leading = Gauge("countersign_relay_leading", "1 while this process leads", ["service"])
parked = Counter("countersign_outbox_parked_total", "Events that can not be published", ["service"])


class Unpublishable(Exception):
    """A row that no record can be made of."""


@dataclass(frozen=True)
class _Lead:
    """What the leader works with: one connection, its statements and the producer."""

    connection: Any
    producer: FencedProducer
    _take: Any
    mark: Any
    floor: Floor

    async def take(self, behind: int = 0) -> list[Any]:
        """The next rows, in their order, of those with greater ids.

        An older row that is committed meanwhile is of another key: who writes a key's events holds its aggregate until he
        has committed.
        """
        return list(await self._take.fetch(BATCH, max(behind, self.floor.id)))


class Relay:
    """Publishes the outbox of one service, in order per key, at least once."""

    def __init__(
        self,
        service: str,
        database: Database,
        kafka: str,
        *,
        epoch: int = 1,
        topics: Sequence[Topic] = (),
        duties: Sequence[Duty] = (),
    ) -> None:
        """
        Args:
            topics: those of the service; they are compared with the database before the first event is published.
        """
        self._duties = duties
        self.service = service
        self._database = database
        self._kafka = kafka
        self._epoch = epoch
        self._unchecked = [topic for topic in topics if not topic.compacted]
        self.connected = False

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
            server_settings={
                "application_name": f"{self.service}-relay",
                "idle_session_timeout": LEASE,
                "synchronous_commit": "off",  # a mark that a crash forgets is an event published again
                "enable_seqscan": "off",  # a backlog has no statistics yet, and would be read as a whole at every look
            },
        )
        producer = FencedProducer(
            f"countersign-{self.service}-relay",
            bootstrap_servers=self._kafka,
            client_id=f"{self.service}-relay",
            acks="all",
            max_batch_size=MAX_BATCH,
            request_timeout_ms=15_000,
        )
        try:
            while not await connection.fetchval(TAKE_LEAD):
                self.connected = True
                await asyncio.sleep(0.5)
            await self._keeping(connection, producer.start())
            if self._unchecked:
                await self._check(connection)
            self.connected = True
            leading.labels(self.service).set(1)
            log.info("relay leads")
            await self._lead(connection, producer)
        finally:
            connection.terminate()
            await producer.stop()

    async def _keeping(self, connection: Any, work: Awaitable[T]) -> T:
        """Its outcome; meanwhile the lease is kept, however slow the broker is."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=1))[0]:
                await connection.fetchval("SELECT 1")
            return await task
        finally:
            task.cancel()

    async def _check(self, connection: Any) -> None:
        """
        Raises:
            Restored: published are sequences that the database would use again.
        """
        try:
            async with asyncio.timeout(CHECKED_WITHIN):
                last = await self._keeping(connection, last_published(self._kafka, self._unchecked, self._epoch))
            await refuse_restored(connection, last)
        except Restored:
            found.labels(self.service).set(1)
            raise
        found.labels(self.service).set(0)
        self._unchecked = []

    async def _lead(self, connection: Any, producer: FencedProducer) -> None:
        """Until `RENEWED_EVERY` is over."""
        woken = asyncio.Event()
        await connection.add_listener(CHANNEL, lambda *_: woken.set())
        take, mark = await connection.prepare(_TAKE), await connection.prepare(_MARK)
        lead = _Lead(connection, producer, take, mark, Floor(connection))
        pause, next_housekeeping = POLL_MIN, 0.0
        clock = asyncio.get_running_loop().time
        until = clock() + RENEWED_EVERY.total_seconds()
        while clock() < until:
            woken.clear()
            looked = clock()
            rows = await lead.take()
            backlog = len(rows) == BATCH
            if rows:
                await self._publish(lead, rows, looked + IN_ONE_GO)
                pause = POLL_MIN
            await lead.floor.rise()
            if clock() >= next_housekeeping:
                await keep_house(self._database, self._duties)
                next_housekeeping = clock() + HOUSEKEEPING_EVERY
            if not backlog:
                await asyncio.sleep(looked + APART - clock())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await woken.wait()
                pause = min(pause * 1.5, POLL_MAX)

    async def _publish(self, lead: "_Lead", rows: list[Any], until: float) -> None:
        """These, and until then those that follow: while some are sent, the ones before are marked and the next looked for."""
        confirmed: list[Any] = []
        while rows:
            sending = asyncio.create_task(self._send(lead.producer, rows))
            try:
                await self._mark(lead, confirmed)
                follow = len(rows) == BATCH and asyncio.get_running_loop().time() < until
                ahead = await lead.take(behind=rows[-1]["id"]) if follow else []
                outcomes = await self._keeping(lead.connection, sending)
            finally:
                sending.cancel()
            confirmed = [row for row, error in outcomes if error is None]
            rows = ahead
            if len(confirmed) < len(outcomes):
                await self._mark(lead, confirmed)
                await self._park_or_raise(lead.connection, outcomes)
                return  # among the rows ahead are those of a parked key
        await self._mark(lead, confirmed)

    async def _mark(self, lead: "_Lead", confirmed: list[Any]) -> None:
        if confirmed:
            await lead.mark.fetch([row["id"] for row in confirmed], min(row["created_at"] for row in confirmed))
            published.labels(self.service).inc(len(confirmed))

    async def _park_or_raise(self, connection: Any, outcomes: list[tuple[Any, BaseException | None]]) -> None:
        for row, error in outcomes:
            if error is not None and _never(row, error):
                await self._park(connection, row, error)
        for row, error in outcomes:
            if error is not None and not _never(row, error):
                raise error

    async def _send(self, producer: FencedProducer, rows: list[Any]) -> list[tuple[Any, BaseException | None]]:
        """Each row with what was wrong with it; rows behind a wrong one of their key are left out."""
        sent, records, stopped = [], [], set()
        outcomes: list[tuple[Any, BaseException | None]] = []
        for row in rows:
            if row["key"] in stopped:
                continue
            try:
                records.append(self._record(row))
                sent.append(row)
            except Unpublishable as error:
                stopped.add(row["key"])
                outcomes.append((row, error))
        errors = await Batches(producer).send(records)
        return [*outcomes, *((row, errors.get(position)) for position, row in enumerate(sent))]

    async def _park(self, connection: Any, row: Any, error: BaseException) -> None:
        """It and its key's later ones stay; the others go on."""
        await connection.execute(_PARK, row["id"], row["created_at"], str(error)[:500])
        parked.labels(self.service).inc()
        log.error("event can not be published, its key is parked", extra={"event_id": str(row["event_id"])})

    def _record(self, row: Any) -> Outgoing:
        """
        Raises:
            Unpublishable: the row is none that `outbox_rows` makes, or too large.
        """
        value = row["value"]
        if value is not None and len(value) > LARGEST:
            raise Unpublishable(f"it has {len(value):,} bytes, at most {LARGEST:,} are published")
        return Outgoing(row["topic"], row["key"].encode(), value, self._headers(row))

    def _headers(self, row: Any) -> list[tuple[str, bytes]]:
        try:
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
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unpublishable(f"its headers can not be made: {error!r}") from error


def _never(row: Any, error: BaseException) -> bool:
    """Whether this row can not be published as it is. One that is larger than `MAX_BATCH` was a batch of its own."""
    too_large = isinstance(error, MessageSizeTooLargeError) and len(row["value"] or b"") >= MAX_BATCH
    return too_large or isinstance(error, Unpublishable)
