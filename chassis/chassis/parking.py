"""Events that can not be handled are parked, and with them every later one of the same key, so that order per key survives."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Base


class ParkedStatus(StrEnum):
    PARKED = "parked"
    RETRIED = "retried"
    DROPPED = "dropped"


class ParkedEvent(Base):
    """One record from Kafka as it arrived, and why it could not be handled."""

    __tablename__ = "parked_events"
    __table_args__ = (
        Index("uq_parked_events_place", "topic", "partition", "offset", unique=True),
        Index("ix_parked_events_key", "topic", "key", postgresql_where=text("status = 'parked'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    topic: Mapped[str] = mapped_column(Text)
    partition: Mapped[int] = mapped_column(Integer)
    offset: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[bytes | None] = mapped_column(LargeBinary)
    headers: Mapped[list[Any]] = mapped_column(JSONB)
    """Pairs of name and base64."""
    value: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The original bytes; None on a topic with personal data, which is parked by its offset only."""
    event_id: Mapped[UUID | None]
    type: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    """A code: `undecodable`, `unknown-version`, `follows-parked`, or that of the rule that refused it."""
    detail: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    parked_at: Mapped[datetime]
    status: Mapped[ParkedStatus] = mapped_column(default=ParkedStatus.PARKED)


async def parked_keys(session: AsyncSession, topic: str, keys: list[bytes]) -> set[bytes]:
    """Which of these keys have an event parked."""
    if not keys:
        return set()
    rows = await session.execute(
        text("SELECT DISTINCT key FROM parked_events WHERE topic = :topic AND status = 'parked' AND key = ANY(:keys)"),
        {"topic": topic, "keys": keys},
    )
    return {bytes(row.key) for row in rows}
