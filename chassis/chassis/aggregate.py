"""The mapped class is the aggregate: its methods are transitions, and they record events.

At commit the events become outbox rows in the same transaction, so no command can forget it.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, event
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from chassis.metadata import metadata, metadata_of
from chassis.outbox import Recorded, write_outbox
from contracts.shared.event import Event, State


def _values(kind: type[Enum]) -> list[str]:
    return [str(member.value) for member in kind]


class Base(DeclarativeBase):
    """Every table of a service. Enumerations are stored by value, times with their zone."""

    metadata = metadata
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        Enum: EnumType(Enum, native_enum=False, length=40, values_callable=_values),
        dict[str, Any]: JSONB,
        dict[str, str]: JSONB,
        list[str]: JSONB,
    }

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.metadata = metadata_of(cls.__module__.partition(".")[0])
        super().__init_subclass__(**kwargs)


class Aggregate(Base):
    """A consistency boundary with a gap-free sequence of events.

    Loaded `FOR UPDATE` (`lock`) by whoever changes it, which also makes the order of its events that of its changes.
    """

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    """Of its last event; also its version for `ETag` and `If-Match`."""

    def __init__(self, **values: Any) -> None:
        """A new one. Its columns are taken as they are: it is inserted whole, and to note each of them as changed, as
        SQLAlchemy's own constructor does, takes longer than all that a bulk command decides about it."""
        others = values.keys() - self.__mapper__.column_attrs.keys()
        super().__init__(**{name: values.pop(name) for name in others})
        vars(self).update(values)

    def record(self, happened: Event) -> None:
        """Notes an event, to be published if and when this transaction commits."""
        self.sequence = (self.sequence or 0) + 1
        self._recorded().append(Recorded(happened, self.key, self.sequence))

    def assign(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Sets these columns. Returns the names of those that really changed."""
        changed = tuple(sorted(name for name, value in values.items() if getattr(self, name) != value))
        for name in changed:
            setattr(self, name, values[name])
        return changed

    def state(self) -> State | None:
        """The whole current state for the compacted topic; None where the aggregate has none."""
        return None

    @property
    def is_erased(self) -> bool:
        """Whether its state is gone for good: a tombstone is published in its place."""
        return False

    @property
    def key(self) -> str:
        """The key of its events on Kafka."""
        return str(self.id)

    def _recorded(self) -> list[Recorded]:
        return self.__dict__.setdefault("_recorded_events", [])  # type: ignore[no-any-return]

    def drain(self) -> list[Recorded]:
        """The recorded events, and the state after them under the sequence of the last."""
        recorded = self._recorded()
        if not recorded:
            return []
        drained = list(recorded)
        recorded.clear()
        state = self.state()
        if state is not None:
            last = drained[-1]
            drained.append(Recorded(state, self.key, self.sequence, last.because, last.traceparent, self.is_erased))
        return drained


class UnitOfWork(Session):
    """A session that publishes what its aggregates recorded.

    It holds every aggregate until commit or rollback: the identity map is weak, and an aggregate that was flushed and
    dropped before the commit would take its events with it.
    """


@event.listens_for(UnitOfWork, "pending_to_persistent")
@event.listens_for(UnitOfWork, "loaded_as_persistent")
def _hold(session: Session, instance: object) -> None:
    if isinstance(instance, Aggregate):
        session.info.setdefault("aggregates", {})[id(instance)] = instance


@event.listens_for(UnitOfWork, "before_commit")
def _write_outbox(session: Session) -> None:
    session.flush()
    recorded: list[Recorded] = []
    for aggregate in session.info.get("aggregates", {}).values():
        recorded.extend(aggregate.drain())
    if recorded:
        recorded.sort(key=lambda one: one.order)
        write_outbox(session.connection(), recorded)
        session.info["has_events"] = True


@event.listens_for(UnitOfWork, "after_commit")
def _tell_relay(session: Session) -> None:
    if session.info.pop("has_events", False) and "events_committed" in session.info:
        session.info["events_committed"]()


@event.listens_for(UnitOfWork, "after_commit")
@event.listens_for(UnitOfWork, "after_rollback")
def _release(session: Session) -> None:
    session.info.pop("aggregates", None)
    session.info.pop("has_events", None)
