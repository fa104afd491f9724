"""Many records at once, as one batch for each partition. A producer's own `send` looks for the partition of every record and
promises an outcome for each, which costs more than everything else that a relay does."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be sent. One that is larger than a batch of the producer becomes a batch of its own."""

    topic: str
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]


@dataclass(slots=True)
class _Filling:
    """A batch of one partition, and which of the records are in it."""

    builder: Any
    members: list[int] = field(default_factory=list)


class Batches:
    """Fills and sends; records of one key stay in their order."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._partitions: dict[str, int] = {}
        """How many each topic has."""
        self._filling: dict[tuple[str, int], _Filling] = {}
        self._sent: list[tuple[Any, list[int]]] = []

    async def send(self, records: Iterable[Outgoing]) -> dict[int, BaseException]:
        """Returns when the broker has answered for all: what went wrong, by position."""
        for position, record in enumerate(records):
            await self._add(position, record)
        for place in list(self._filling):
            await self._dispatch(place)
        outcomes = await asyncio.gather(*(future for future, _ in self._sent), return_exceptions=True)
        return {
            position: outcome
            for outcome, (_, members) in zip(outcomes, self._sent, strict=True)
            if isinstance(outcome, BaseException)
            for position in members
        }

    async def _add(self, position: int, record: Outgoing) -> None:
        if record.topic not in self._partitions:
            self._partitions[record.topic] = len(await self._producer.partitions_for(record.topic))
        place = record.topic, _partition(record.key, self._partitions[record.topic])
        filling = self._filling.get(place) or self._new(place)
        if not self._fits(filling, record):
            await self._dispatch(place)
            filling = self._new(place)
            self._fits(filling, record)
        filling.members.append(position)

    def _new(self, place: tuple[str, int]) -> _Filling:
        self._filling[place] = _Filling(self._producer.create_batch())
        return self._filling[place]

    @staticmethod
    def _fits(filling: _Filling, record: Outgoing) -> bool:
        added = filling.builder.append(timestamp=None, key=record.key, value=record.value, headers=record.headers)
        return added is not None

    async def _dispatch(self, place: tuple[str, int]) -> None:
        topic, partition = place
        filling = self._filling.pop(place)
        future = await self._producer.send_batch(filling.builder, topic, partition=partition)
        self._sent.append((future, filling.members))


@lru_cache(maxsize=100_000)
def _partition(key: bytes, of: int) -> int:
    """As every Kafka client chooses it by default."""
    return int(murmur2(key) & 0x7FFFFFFF) % of
