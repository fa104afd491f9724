"""Starts the subscriber as a process of its own, and compares what it wrote with what Kafka holds."""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from demo.waiting import PATIENCE, TimedOut

Offsets = dict[tuple[str, int], int]
"""By topic and partition."""


async def end_offsets(servers: str, topics: dict[str, int]) -> Offsets:
    """Of all partitions of these topics, whose number is given.

    Raises:
        TimedOut: Kafka does not answer.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=servers)
    try:
        await consumer.start()
        partitions = [TopicPartition(topic, one) for topic, number in topics.items() for one in range(number)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
    except KafkaError as error:
        raise TimedOut(f"Kafka at {servers} does not answer ({type(error).__name__}: {error})") from error
    finally:
        await consumer.stop()
    return {(one.topic, one.partition): end for one, end in ends.items()}


@dataclass
class Follower:
    """The running subscriber."""

    process: asyncio.subprocess.Process
    record: Path

    @classmethod
    async def start(cls, kafka: str, contract: Path, record: Path) -> "Follower":
        """Returns when it has chosen where it reads from, so that nothing later is missed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "demo.subscriber",
            "--kafka", kafka, "--contract", str(contract), "--record", str(record),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        said = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        if said.strip() != b"ready":
            raise TimedOut("the subscriber did not start; its own words are above")
        return cls(process, record)

    async def stop(self) -> dict[str, Any]:
        """Lets it read to the end, and gives its summary."""
        output, _ = await asyncio.wait_for(self.process.communicate(b""), PATIENCE)
        return dict(json.loads(output)) if output.strip() else {"faults": ["the subscriber ended without a summary"]}

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()

    def records(self) -> list[dict[str, Any]]:
        with self.record.open() as lines:
            return [json.loads(line) for line in lines]


def differences(records: list[dict[str, Any]], began: Offsets, ended: Offsets, later: Offsets) -> list[str]:
    """What is missing from, or too much in, the subscriber's record.

    Args:
        began, ended: everything between these two must be there once.
        later: read when the subscriber had stopped; nothing beyond can be there.
    """
    found = Counter((record["topic"], record["partition"], record["offset"]) for record in records)
    wrong = []
    for (topic, partition), end in sorted(ended.items()):
        for offset in range(began.get((topic, partition), 0), end):
            times = found[(topic, partition, offset)]
            if times != 1:
                wrong.append(f"{topic}/{partition}/{offset} was recorded {times} times")
    beyond = [key for key in found if key[2] >= later.get(key[:2], 0)]
    return wrong + [f"{topic}/{partition}/{offset} is not in Kafka" for topic, partition, offset in sorted(beyond)]


def leaks(records: list[dict[str, Any]], words: set[str]) -> list[str]:
    """Records that hold one of these words: names, addresses, tokens."""
    found = []
    for record in records:
        text = json.dumps(record, ensure_ascii=False).lower()
        found += [
            f"{record['topic']}/{record['partition']}/{record['offset']} holds {word[:24]!r}"
            for word in words
            if word.lower() in text
        ]
    return found
