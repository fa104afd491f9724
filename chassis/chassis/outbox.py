"""Events wait here, in the database of the service and in the transaction that made them, until the relay has published them.

Published rows stay in daily partitions for replay and are dropped after `RETENTION`.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any

import orjson
from opentelemetry import propagate, trace
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.clock import now
from chassis.context import Cause, cause
from chassis.hot import HotStatement
from chassis.ids import new_ids
from chassis.metadata import metadata
from contracts.shared.event import Event
from contracts.shared.topic import Topic

RETENTION = timedelta(days=30)
AHEAD = timedelta(days=7)
"""Partitions exist this far ahead, so that a relay that was away for days does no harm."""

outbox_table = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("created_at", DateTime(timezone=True), primary_key=True, server_default=text("clock_timestamp()")),
    Column("event_id", Uuid, nullable=False),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("value", LargeBinary),
    Column("headers", JSONB, nullable=False),
    Column("published_at", DateTime(timezone=True)),
    Column("parked_reason", Text),
    Index("ix_outbox_unpublished", "id", postgresql_where=text("published_at IS NULL")),
    Index("ix_outbox_parked", "topic", "key", postgresql_where=text("parked_reason IS NOT NULL")),
    postgresql_partition_by="RANGE (created_at)",
)

DEFAULT_PARTITION = "CREATE TABLE outbox_default PARTITION OF outbox DEFAULT"
"""Run by the first migration, so that an insert never fails for want of a partition."""


def traceparent() -> str | None:
    """The current trace, as it is written down."""
    if not trace.get_current_span().get_span_context().is_valid:
        return None
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event, where it stands in its aggregate's sequence, and what led to it: one transaction may have many causes."""

    event: Event
    key: str
    sequence: int
    because: Cause = field(default_factory=cause)
    traceparent: str | None = field(default_factory=traceparent)
    erased: bool = False
    """A state that stands for a tombstone: it is published without a value."""
    order: int = field(default_factory=count().__next__)
    """Across aggregates: what was recorded first is published first, as far as keys allow."""


def outbox_rows(recorded: list[Recorded]) -> list[dict[str, Any]]:
    """One row per event, stamped with what caused it and its trace."""
    at = now().isoformat()
    return [
        {
            "event_id": event_id,
            "topic": one.event.topic.name,
            "key": one.key,
            "type": one.event.type,
            "sequence": one.sequence,
            "value": None if one.erased else one.event.model_dump_json().encode(),
            "headers": {
                "time": at,
                "correlation_id": one.because.correlation_id,
                "causation_id": one.because.causation_id,
                "actor": one.because.actor,
                "traceparent": one.traceparent,
            },
        }
        for one, event_id in zip(recorded, new_ids(len(recorded)), strict=True)
    ]


_INSERT = HotStatement(
    "INSERT INTO outbox (event_id, topic, key, type, sequence, value, headers) "
    "SELECT event_id, topic, key, type, sequence, value, headers ::jsonb FROM unnest(:event_id ::uuid[], :topic ::text[], "
    ":key ::text[], :type ::text[], :sequence ::bigint[], :value ::bytea[], :headers ::text[]) "
    "AS recorded (event_id, topic, key, type, sequence, value, headers)"
)


def write_outbox(connection: Connection, recorded: list[Recorded]) -> None:
    """For the hook of a session."""
    rows = outbox_rows(recorded)
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    columns["headers"] = [orjson.dumps(headers).decode() for headers in columns["headers"]]
    _INSERT.run(connection, columns)


async def forget_states(session: AsyncSession, topic: Topic, key: str) -> None:
    """Takes the content of all states of this key: what was published, and what waits becomes a tombstone."""
    states = outbox_table.c.topic == topic.name, outbox_table.c.key == key
    await session.execute(update(outbox_table).where(*states, outbox_table.c.value.is_not(None)).values(value=None))


async def maintain_outbox(connection: AsyncConnection, today: date) -> None:
    """Makes the daily partitions of the coming week and drops those past `RETENTION` that are published."""
    for ahead in range(AHEAD.days + 1):
        first = today + timedelta(days=ahead)
        strays = await connection.scalar(
            text("SELECT EXISTS (SELECT FROM outbox_default WHERE created_at >= :first AND created_at < :last)"),
            {"first": first, "last": first + timedelta(days=1)},
        )
        if strays:
            continue  # the relay was away for longer than `AHEAD`: this day stays in the default partition
        await connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS outbox_{first:%Y%m%d} PARTITION OF outbox "
                f"FOR VALUES FROM ('{first}') TO ('{first + timedelta(days=1)}')"
            )
        )
    existing = await connection.scalars(
        text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'outbox'::regclass")
    )
    oldest = f"outbox_{today - RETENTION:%Y%m%d}"
    for partition in existing.all():
        if partition >= oldest or partition == "outbox_default":
            continue
        waiting = await connection.scalar(
            text(f"SELECT EXISTS (SELECT FROM {partition} WHERE published_at IS NULL)")  # noqa: S608 - a name we made
        )
        if not waiting:
            await connection.execute(text(f"DROP TABLE {partition}"))
