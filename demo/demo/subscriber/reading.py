"""Reads every open topic, by partitions of its own choice and without a group, and writes down what it sees."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from aiokafka import AIOKafkaConsumer, TopicPartition

from demo.subscriber.checks import Checks, Record
from demo.subscriber.contract import Contract

POLL_MILLISECONDS = 100
MAX_FAULTS = 50


class Reader:
    """States are read from the start, as a new subscriber does; events from where the topics end now."""

    def __init__(self, consumer: AIOKafkaConsumer, contract: Contract, out: TextIO) -> None:
        self._consumer = consumer
        self._contract = contract
        self._out = out
        self._partitions = [
            TopicPartition(topic, partition)
            for topic, partitions in contract.partitions.items()
            for partition in range(partitions)
        ]
        self._checks = Checks(contract, started_empty=False)
        self.records = 0
        self.faults: list[str] = []

    async def begin(self) -> None:
        await self._consumer.start()
        self._consumer.assign(self._partitions)
        ends = await self._consumer.end_offsets(self._partitions)
        events = [one for one in self._partitions if one.topic not in self._contract.compacted]
        self._checks.started_empty = all(ends[one] == 0 for one in events)
        for one in self._partitions:
            self._consumer.seek(one, ends[one] if one in events else 0)

    async def read_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._read()
        ends = await self._consumer.end_offsets(self._partitions)
        while any([await self._consumer.position(one) < ends[one] for one in self._partitions]):
            await self._read()

    async def _read(self) -> None:
        batches = await self._consumer.getmany(timeout_ms=POLL_MILLISECONDS)
        for batch in batches.values():
            for message in batch:
                self._take(message)
        if batches:
            self._out.flush()

    def _take(self, message: Any) -> None:
        record = Record(
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            key=message.key.decode() if message.key is not None else None,
            headers={name: value.decode() for name, value in message.headers},
            value=json.loads(message.value) if message.value is not None else None,
        )
        self.records += 1
        self.faults += self._checks.faults(record)[: MAX_FAULTS - len(self.faults)]
        self._out.write(json.dumps(asdict(record)) + "\n")

    def summary(self) -> dict[str, Any]:
        return {
            "topics": len(self._contract.topics),
            "closed": sorted(self._contract.closed),
            "records": self.records,
            "duplicates": self._checks.duplicates,
            "faults": self.faults,
        }


async def follow(servers: str, folder: Path, record: Path, stop: asyncio.Event) -> dict[str, Any]:
    """Reads until `stop` is set and then on to the end. `ready` on standard output says that nothing will be missed."""
    contract = Contract.read(folder)
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest")
    with record.open("w") as out:
        reader = Reader(consumer, contract, out)
        try:
            await reader.begin()
            print("ready", flush=True)
            await reader.read_until(stop)
        finally:
            await consumer.stop()
        return reader.summary()
