"""Which events were handled already. Written in the handler's transaction, so an event has its effect once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, Table, Uuid, text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.metadata import metadata
from contracts.shared.topic import EVENT_RETENTION

RETENTION = EVENT_RETENTION + timedelta(days=5)

inbox_table = Table(
    "inbox",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Index("ix_inbox_received_at", "received_at"),
)

_CLAIM = text("INSERT INTO inbox (event_id) SELECT unnest(:ids ::uuid[]) ON CONFLICT DO NOTHING RETURNING event_id")


async def claim(session: AsyncSession, event_ids: Sequence[UUID]) -> set[UUID]:
    """Takes these events for this transaction; returns those that nobody has handled yet."""
    result = await session.execute(_CLAIM, {"ids": list(dict.fromkeys(event_ids))})
    return {row.event_id for row in result}


async def prune_inbox(session: AsyncSession, at: datetime) -> None:
    await session.execute(text("DELETE FROM inbox WHERE received_at < :before"), {"before": at - RETENTION})
