"""Local copies of what other services own, fed by their state topics.

A projection takes only what is higher in (epoch, sequence) than what it has, so duplicates and replays do no harm and it
needs no inbox rows. It has no foreign keys to other projections: they arrive in any order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Base
from chassis.consumers import Received, decode
from chassis.processes import Processes
from contracts.shared.event import Event, State
from contracts.shared.topic import Topic


class Projected(Base):
    """A row of a projection. `key` is the topic's key."""

    __abstract__ = True

    key: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer)
    sequence: Mapped[int] = mapped_column(BigInteger)


class ProjectionProgress(Base):
    """Which projections have read their topic to the end that they saw when they were new."""

    __tablename__ = "projection_progress"

    topic: Mapped[str] = mapped_column(primary_key=True)
    caught_up_at: Mapped[datetime]


@dataclass(frozen=True)
class Projection:
    """Keeps `table` like the last state of every key of `topic`.

    Args:
        row: the columns of a state, without key, epoch and sequence.
        changed: called with the states that were taken, in the same transaction, where something follows from them.
    """

    state: type[State]
    table: type[Projected]
    row: Callable[[Any], dict[str, Any]]
    changed: Callable[[AsyncSession, Sequence[Any]], Any] | None = None
    topic: Topic = field(init=False)
    unhurried = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "topic", self.state.topic)

    def decode(self, received: Received) -> Event | None:
        if received.record.value is None:
            return None
        return decode(received, {self.state.type: self.state})

    async def unseen(self, session: AsyncSession, batch: Sequence[Received]) -> Sequence[Received]:
        """The last record of each key; an erased entity is deleted at once."""
        last = {one.key: one for one in batch}
        erased = [key.decode() for key, one in last.items() if one.record.value is None]
        if erased:
            await session.execute(delete(self.table).where(self.table.key.in_(erased)))
        return [one for one in last.values() if one.record.value is not None]

    async def apply(self, session: AsyncSession, processes: Processes, batch: Sequence[tuple[Received, Event]]) -> None:
        if not batch:
            return
        rows = [
            {
                "key": one.key.decode(),
                "epoch": one.envelope.epoch if one.envelope else 1,
                "sequence": one.envelope.sequence if one.envelope else 0,
                **self.row(state),
            }
            for one, state in batch
        ]
        offered = insert(self.table)
        columns = {name: offered.excluded[name] for name in rows[0] if name != "key"}
        newer = tuple_(offered.excluded.epoch, offered.excluded.sequence) > tuple_(
            self.table.epoch, self.table.sequence
        )
        statement = offered.on_conflict_do_update(index_elements=["key"], set_=columns, where=newer)
        taken = await session.scalars(statement.returning(self.table.key), rows)
        if self.changed is not None:
            keys = set(taken.all())
            states = [state for one, state in batch if one.key.decode() in keys]
            if states:
                await self.changed(session, states)


async def mark_caught_up(session: AsyncSession, topics: Sequence[str], at: datetime) -> None:
    """Remembers that these projections are complete, so that no role has to wait for them again."""
    for topic in topics:
        await session.execute(insert(ProjectionProgress).values(topic=topic, caught_up_at=at).on_conflict_do_nothing())


async def not_caught_up(connection: AsyncConnection, topics: Sequence[str]) -> set[str]:
    """Which of these projections are still new; a service is not ready before they are complete."""
    known = await connection.scalars(select(ProjectionProgress.topic).where(ProjectionProgress.topic.in_(topics)))
    return set(topics) - set(known.all())
