"""Kafka topics, declared as code and applied by `python -m <service> migrate`."""

from dataclasses import dataclass
from datetime import timedelta

EVENT_RETENTION = timedelta(days=30)
"""How long an event stays on its topic. Inbox rows are kept at least as long, so replay from offset 0 does nothing."""

TOMBSTONE_RETENTION = timedelta(days=30)


@dataclass(frozen=True)
class Topic:
    """One topic: its name, who writes it, and how Kafka keeps it.

    An event topic holds what happened, for `EVENT_RETENTION`. A state topic (`….state`) is compacted: the last record
    of a key is the entity's current state, a null value says that it was erased.

    `partitions` is fixed for the life of the topic: another number would move keys and break their order.
    `personal_data` lists the fields of a person that the topic carries; such a topic is closed to other subscribers.
    """

    name: str
    partitions: int = 6
    personal_data: tuple[str, ...] = ()

    @property
    def compacted(self) -> bool:
        return self.name.endswith(".state")

    @property
    def owner(self) -> str:
        """The service that writes it: the second word of the name."""
        return self.name.split(".")[1]

    @property
    def config(self) -> dict[str, str]:
        """Kafka's own settings for the topic."""
        if not self.compacted:
            return {"cleanup.policy": "delete", "retention.ms": _milliseconds(EVENT_RETENTION)}
        config = {"cleanup.policy": "compact", "delete.retention.ms": _milliseconds(TOMBSTONE_RETENTION)}
        if self.personal_data:
            config["max.compaction.lag.ms"] = _milliseconds(timedelta(days=1))
        return config


def _milliseconds(duration: timedelta) -> str:
    return str(int(duration.total_seconds() * 1000))
