"""Consumers: batches from Kafka, one transaction for inbox rows, effects and all.

Every event has its effect once. Transient errors hold the partition and back off; an event that will never be accepted is
parked with its successors, and the others go on.
"""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from aiokafka import ConsumerRecord
from opentelemetry import propagate, trace
from prometheus_client import Counter, Gauge, Histogram
from pydantic import ValidationError
from sqlalchemy import Insert
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from chassis import clock
from chassis.context import Cause, caused_by
from chassis.database import Database
from chassis.errors import DomainError
from chassis.inbox import claim
from chassis.parking import ParkedEvent, parked_keys
from chassis.processes import Processes
from chassis.transient import SHORTEST_PAUSE, retried
from contracts.shared.envelope import Envelope
from contracts.shared.event import Event, family
from contracts.shared.topic import Topic
from contracts.shared.values import READING

log = logging.getLogger(__name__)
tracer = trace.get_tracer("countersign.consumer")

ATTEMPTS = 3
"""Of an event whose handler fails with an error that we do not know to be permanent, before it is parked."""

handled = Counter("countersign_events_handled_total", "Events that had their effect", ["topic"])
held = Counter("countersign_events_held_total", "Times a partition was held by a transient error", ["topic"])
parked_total = Counter("countersign_events_parked_total", "Events parked", ["topic", "reason"])
behind = Gauge("countersign_consumer_behind_seconds", "Age of the oldest event that waits for its effect", ["topic"])
delay = Histogram(
    "countersign_event_delay_seconds", "From the event's time to its effect", ["topic"],
    buckets=(0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300),
)  # fmt: skip


class Inserts:
    """Rows that the events of one transaction add: written together at its end, a statement once for all its rows."""

    def __init__(self) -> None:
        self._rows: dict[Insert, list[Mapping[str, Any]]] = {}

    def add(self, statement: Insert, row: Mapping[str, Any]) -> None:
        self._rows.setdefault(statement, []).append(row)

    async def write(self, session: AsyncSession) -> None:
        for statement, rows in self._rows.items():
            await session.execute(statement, rows)


@dataclass(frozen=True)
class Delivery:
    """One event as it reached a handler, and what a handler may use."""

    session: AsyncSession
    processes: Processes
    envelope: Envelope
    now: datetime
    inserts: Inserts


Handler = Callable[[Delivery, Any], Awaitable[None]]


class Undecodable(Exception):
    """Not an envelope, not JSON, or not of its type's schema."""


class UnknownVersion(Exception):
    """A major version, of a type that we handle, that we do not know yet."""


@dataclass(frozen=True)
class Received:
    """One record and its envelope; the body is decoded only if it is new to us."""

    record: ConsumerRecord
    envelope: Envelope | None
    defect: str = ""

    @property
    def key(self) -> bytes:
        return self.record.key or b""


class Reader(Protocol):
    """What is done with the records of one topic: `Subscription` or `chassis.projections.Projection`."""

    topic: Topic
    unhurried: bool

    def decode(self, received: Received) -> Event | None:
        """The event; None for a type that nobody here handles. Raises Undecodable, UnknownVersion."""

    async def apply(self, session: AsyncSession, processes: Processes, batch: Sequence[tuple[Received, Event]]) -> None:
        """Has the effect of these events, in their order."""

    async def unseen(self, session: AsyncSession, batch: Sequence[Received]) -> Sequence[Received]:
        """Those that had no effect yet."""


@dataclass(frozen=True)
class Subscription:
    """Handlers by event type, of one event topic. Types that are not named are ignored.

    Attributes:
        unhurried: nobody waits for the effects; they come within a second or two, of many events together.
    """

    topic: Topic
    handlers: Mapping[type[Event], Handler]
    unhurried: bool = False
    _types: dict[str, type[Event]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for event_type in self.handlers:
            if event_type.topic != self.topic:
                raise TypeError(f"{event_type.type} is not on {self.topic.name}")
            self._types[event_type.type] = event_type

    def __add__(self, other: "Subscription") -> "Subscription":
        """Two features that read one topic share its consumer."""
        twice = self.handlers.keys() & other.handlers.keys()
        if twice:
            raise TypeError(f"handled twice: {[one.type for one in twice]}")
        unhurried = self.unhurried and other.unhurried
        return Subscription(self.topic, {**self.handlers, **other.handlers}, unhurried)

    def decode(self, received: Received) -> Event | None:
        return decode(received, self._types)

    async def unseen(self, session: AsyncSession, batch: Sequence[Received]) -> Sequence[Received]:
        fresh = await claim(session, [one.envelope.id for one in batch if one.envelope])
        unseen = []
        for one in batch:
            if one.envelope and one.envelope.id in fresh:
                fresh.discard(one.envelope.id)  # the same event twice in one batch
                unseen.append(one)
        return unseen

    async def apply(self, session: AsyncSession, processes: Processes, batch: Sequence[tuple[Received, Event]]) -> None:
        at, inserts = clock.now(), Inserts()
        for received, event in batch:
            envelope = received.envelope
            assert envelope is not None
            because = Cause(envelope.correlation_id or str(envelope.id), str(envelope.id), envelope.actor)
            with caused_by(because), _span(event.type, envelope.traceparent):
                await self.handlers[type(event)](Delivery(session, processes, envelope, at, inserts), event)
        await inserts.write(session)


def _span(event_type: str, traceparent: str | None) -> AbstractContextManager[Any]:
    """Of the trace that the event belongs to, if it belongs to one."""
    if traceparent is None:
        return nullcontext()
    parent = propagate.extract({"traceparent": traceparent})
    return tracer.start_as_current_span(f"handle {event_type}", context=parent)


def decode(received: Received, types: Mapping[str, type[Event]]) -> Event | None:
    """The record's event by its `ce_type`.

    Raises:
        Undecodable: the envelope or the body can not be read.
        UnknownVersion: the type is known in another major version only.
    """
    if received.envelope is None:
        raise Undecodable(received.defect)
    name = received.envelope.type
    known = types.get(name)
    if known is None:
        if family(name) in {family(other) for other in types}:
            raise UnknownVersion(name)
        return None
    try:
        return known.model_validate_json(received.record.value or b"", context=READING)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Undecodable(f"{first['type']} at {'/'.join(map(str, first['loc']))}") from error


def receive(record: ConsumerRecord) -> Received:
    try:
        return Received(record, Envelope.from_headers(record.headers))
    except (ValueError, UnicodeDecodeError) as error:
        return Received(record, None, str(error))


class BatchConsumer:
    """Feeds one reader. `handle` returns when every record of the batch has had its effect, or is parked."""

    def __init__(self, reader: Reader, database: Database, processes: Processes) -> None:
        self.reader = reader
        self._database = database
        self._processes = processes
        self._oldest: datetime | None = None
        behind.labels(reader.topic.name).set_function(self._behind)

    def _behind(self) -> float:
        return max(0.0, (clock.now() - self._oldest).total_seconds()) if self._oldest else 0.0

    async def handle(self, records: Sequence[ConsumerRecord]) -> None:
        oldest = min((record.timestamp for record in records), default=0)
        self._oldest = datetime.fromtimestamp(oldest / 1000, UTC)
        try:
            await self._handle([receive(record) for record in records])
        finally:
            self._oldest = None

    async def _handle(self, batch: Sequence[Received]) -> None:
        try:
            await self._holding(lambda: self._together(batch))
        except Exception as error:  # noqa: BLE001 - whatever it is, each record is tried for itself
            if len(batch) > 1:
                log.info("batch failed, trying its events one by one", extra={"error": repr(error)[:300]})
            for one in batch:
                await self._alone(one)

    async def _holding(self, attempt: Callable[[], Awaitable[None]]) -> None:
        """Tries until the outcome is not a transient error; nothing behind it on the partition moves meanwhile."""
        await retried(attempt, note=self._note_held)

    def _note_held(self, error: Exception) -> None:
        held.labels(self.reader.topic.name).inc()
        log.warning("holding the partition", extra={"topic": self.reader.topic.name, "error": repr(error)[:300]})

    async def _together(self, batch: Sequence[Received]) -> None:
        async with self._database.transaction() as session:
            blocked = await parked_keys(session, self.reader.topic.name, [one.key for one in batch])
            open_to = [one for one in batch if one.key not in blocked]
            events = await self._decode_unseen(session, open_to)
            await self.reader.apply(session, self._processes, events)
            for one in batch:
                if one.key in blocked:
                    await self._park(session, one, "follows-parked", "an earlier event of its key is parked", 0)
        at, delayed = clock.now(), delay.labels(self.reader.topic.name)
        handled.labels(self.reader.topic.name).inc(len(events))
        for one, _ in events:
            if one.envelope:
                delayed.observe(max(0.0, (at - one.envelope.time).total_seconds()))

    async def _decode_unseen(self, session: AsyncSession, batch: Sequence[Received]) -> list[tuple[Received, Event]]:
        for one in batch:
            if one.envelope is None:
                raise Undecodable(one.defect)
        decoded = [(one, self.reader.decode(one)) for one in await self.reader.unseen(session, batch)]
        return [(one, event) for one, event in decoded if event is not None]

    async def _alone(self, one: Received) -> None:
        attempts = 0
        while True:
            attempts += 1
            try:
                return await self._holding(lambda: self._together([one]))
            except (Undecodable, UnknownVersion, DomainError) as error:
                return await self._holding(partial(self._park_alone, one, error, attempts))
            except Exception as error:
                if attempts >= ATTEMPTS:
                    log.exception("handler fails", extra={"topic": self.reader.topic.name})
                    return await self._holding(partial(self._park_alone, one, error, attempts))
                await asyncio.sleep(SHORTEST_PAUSE * 4**attempts)

    async def _park_alone(self, one: Received, error: Exception, attempts: int) -> None:
        async with self._database.transaction() as session:
            await self._park(session, one, _reason(error), str(error)[:500], attempts)

    async def _park(self, session: AsyncSession, one: Received, reason: str, detail: str, attempts: int) -> None:
        record, envelope = one.record, one.envelope
        await session.execute(
            insert(ParkedEvent)
            .values(
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                key=record.key,
                headers=[(name, base64.b64encode(value).decode()) for name, value in record.headers],
                value=None if self.reader.topic.personal_data else record.value,
                event_id=envelope.id if envelope else None,
                type=envelope.type if envelope else None,
                reason=reason,
                detail=detail,
                attempts=attempts,
                parked_at=clock.now(),
            )
            .on_conflict_do_nothing()
        )
        parked_total.labels(record.topic, reason).inc()
        log.error(
            "event parked",
            extra={"topic": record.topic, "partition": record.partition, "offset": record.offset, "reason": reason},
        )


def _reason(error: Exception) -> str:
    match error:
        case Undecodable():
            return "undecodable"
        case UnknownVersion():
            return "unknown-version"
        case DomainError():
            return error.code
        case _:
            return "handler-failed"


def merged(readers: Sequence[Any]) -> list[Any]:
    """One reader per topic: subscriptions of several features to one topic are added."""
    by_topic: dict[str, Any] = {}
    for reader in readers:
        name = reader.topic.name
        by_topic[name] = by_topic[name] + reader if name in by_topic else reader
    return list(by_topic.values())
