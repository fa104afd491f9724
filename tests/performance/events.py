"""P6 and P7: the relay and the consumer, beside what they are built on."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pydantic import SecretStr

from chassis.clock import now
from chassis.consumers import Subscription
from chassis.database import Database
from chassis.ids import new_id
from chassis.relay import BATCH, Relay
from chassis.roles import MAX_RECORDS, Process, Role
from chassis.settings import Settings
from chassis.topics import apply_topics
from contracts.shared.envelope import Envelope
from contracts.shared.topic import Topic
from tests.chassis.toy.app import NoteWritten, remember
from tests.chassis.toy.app import service as toy
from tests.performance.cpu import metered
from tests.performance.figures import Result, Shape, Void, benchmark
from tests.performance.method import Sample, paired
from tests.performance.stage import Stage
from tests.waiting import eventually

KEYS = 1_000
TEXT = "x" * 100
"""With it the body is as long as that of an order that was placed."""

# -- P6 --------------------------------------------------------------------------------------------------------------

_FILL = """
INSERT INTO outbox (event_id, topic, key, type, sequence, value, headers)
SELECT gen_random_uuid(), $1, 'note-' || n % $2, 'countersign.toy.note.written.v1', n / $2 + 1,
    convert_to('{"text":"' || $3 || n || '"}', 'UTF8'),
    jsonb_build_object('time', now(), 'correlation_id', gen_random_uuid(), 'causation_id', gen_random_uuid(),
        'actor', 'member:' || gen_random_uuid(), 'traceparent', NULL)
FROM generate_series(0, $4::int - 1) n
"""


_UNPUBLISHED = "SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"


class Drain:
    """A relay that leads and waits, and an outbox that is filled at one blow."""

    def __init__(self, database: Database, connection: Any, topic: Topic, rows: int) -> None:
        self._database, self._connection, self._topic, self._rows = database, connection, topic, rows

    async def relay(self) -> Sample:
        """From the commit of all rows until the last is marked as published."""
        await self._all_published()
        await self._connection.execute("TRUNCATE outbox")
        async with self._connection.transaction():
            await self._connection.execute(_FILL, self._topic.name, KEYS, TEXT, self._rows)
        self._database.waker.committed()
        with metered({}) as spent:
            await self._all_published()
        return Sample(self._rows / spent.seconds, spent.per(self._rows))

    async def _all_published(self) -> None:
        """Asked every 20 ms only: who asks runs beside the relay, on the same loop and in the same database."""
        async with asyncio.timeout(120):
            while await self._connection.fetchval(_UNPUBLISHED):  # noqa: ASYNC110 - only the database knows
                await asyncio.sleep(0.02)

    async def records(self) -> list[tuple[bytes, bytes, list[tuple[str, bytes]]]]:
        """The same rows as they go to Kafka."""
        await self._connection.execute(_FILL, self._topic.name, KEYS, TEXT, self._rows)
        rows = await self._connection.fetch(
            "SELECT event_id, key, type, sequence, value FROM outbox ORDER BY id LIMIT $1", self._rows
        )
        return [
            (row["key"].encode(), row["value"], _headers(row["event_id"], row["key"], row["sequence"])) for row in rows
        ]


def _headers(event_id: UUID, key: str, sequence: int) -> list[tuple[str, bytes]]:
    envelope = Envelope(
        event_id, NoteWritten.type, "/countersign/toy", key, now(), 1, sequence,
        str(event_id), str(event_id), f"member:{event_id}",
    )  # fmt: skip
    return envelope.to_headers()


async def _bare_producer(producer: AIOKafkaProducer, topic: Topic, records: Sequence[Any]) -> Sample:
    """Sends as fast as it can, and waits for all confirmations of as many as the relay takes at once."""
    with metered({}) as spent:
        for start in range(0, len(records), BATCH):
            confirmations = [
                await producer.send(topic.name, value=value, key=key, headers=headers)
                for key, value, headers in records[start : start + BATCH]
            ]
            await asyncio.gather(*confirmations)
    return Sample(len(records) / spent.seconds, spent.per(len(records)))


@benchmark("P6", shape=Shape.INFRASTRUCTURE)
async def relay_drain(stage: Stage) -> list[Result]:
    settings: dict[str, Any] = {"acks": "all", "idempotence": True, "batch": BATCH, "keys": KEYS}
    topic = Topic(f"countersign.toy.drain_{new_id().hex[-8:]}")
    await apply_topics(stage.stack.kafka, [topic], 1)
    producer = AIOKafkaProducer(
        bootstrap_servers=stage.stack.kafka, acks="all", enable_idempotence=True, max_batch_size=262_144
    )
    await producer.start()
    try:
        async with stage.new_database(toy) as database, stage.connection(_name(database)) as connection:
            relay = Relay("toy", database, stage.stack.kafka)
            running = asyncio.gather(relay.run(), database.waker.run())
            try:
                ratio = None
                for rows in (stage.size(20_000, 500), stage.size(80_000, 1_000)):
                    drain = Drain(database, connection, topic, rows)
                    records = await drain.records()
                    await drain.relay()
                    await _bare_producer(producer, topic, records)
                    measured = await paired(
                        partial(_bare_producer, producer, topic, records),
                        drain.relay,
                        pairs=stage.size(7, 3),
                        seed=stage.seed,
                    )
                    settings[f"{rows} rows"] = measured.medians()
                    ratio = measured
            finally:
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await running
    finally:
        await producer.stop()
    assert ratio is not None
    return [ratio.result("P6", settings)]


def _name(database: Database) -> str:
    return database.url.rpartition("/")[2]


# -- P7 --------------------------------------------------------------------------------------------------------------

_RATE = """
SELECT count(*) AS commits, sum(n)::int AS events, min(at) AS first, max(at) AS last,
    (array_agg(n ORDER BY at))[1] AS in_first
FROM (SELECT pg_xact_commit_timestamp(xmin) AS at, count(*)::int AS n FROM inbox GROUP BY xmin) of_commits
"""
"""The events per second between the first and the last commit; nobody has to watch."""


class Consuming:
    """One topic that is read again and again, each time by a new group and into an empty inbox."""

    def __init__(self, stage: Stage, database: Database, connection: Any, topic: Topic, events: int) -> None:
        self._stage, self._database, self._connection = stage, database, connection
        self._topic, self._events = topic, events

    async def _measured(self, cpu: dict[str, float], *, effects: bool) -> Sample:
        found = await self._connection.fetchrow(_RATE)
        if found["events"] != self._events:
            raise Void(f"{found['events']} of {self._events} events are in the inbox")
        if effects and await self._connection.fetchval("SELECT count(*) FROM effects") != self._events:
            raise Void("not every event had its effect once")
        seconds = (found["last"] - found["first"]).total_seconds()
        rate = (found["events"] - found["in_first"]) / seconds
        return Sample(rate, cpu, {"events_per_commit": found["events"] / found["commits"]})

    async def _all_there(self) -> bool:
        return bool(await self._connection.fetchval("SELECT count(*) FROM inbox") >= self._events)

    async def faststream(self) -> Sample:
        """As every service reads: a batch, the inbox, an effect for each event, the offset."""
        await self._connection.execute("TRUNCATE inbox, effects")
        reading = replace(toy, name=f"toy-{new_id().hex[-8:]}", subscriptions=[self.subscription()], projections=[])
        settings = Settings(database_url=SecretStr(self._database.url), kafka=self._stage.stack.kafka)
        process = Process(reading, settings, [Role.CONSUMER])
        broker = process._broker(asyncio.get_running_loop().create_future())
        await broker.start()
        try:
            with metered(self._stage.pids("postgres")) as spent:
                await eventually(self._all_there, seconds=180, what="all events handled")
        finally:
            await broker.stop()
            await process.database.close()
        return await self._measured(spent.per(self._events), effects=True)

    def subscription(self) -> Subscription:
        NoteWritten.topic = self._topic
        return Subscription(self._topic, {NoteWritten: remember})

    async def bare(self) -> Sample:
        """The same fetches, an inbox insert and the offset, and nothing else."""
        await self._connection.execute("TRUNCATE inbox, effects")
        consumer = AIOKafkaConsumer(
            self._topic.name,
            bootstrap_servers=self._stage.stack.kafka,
            group_id=f"bare-{new_id().hex[-8:]}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=200,
        )
        await consumer.start()
        try:
            with metered(self._stage.pids("postgres")) as spent:
                await self._bare(consumer)
        finally:
            await consumer.stop()
        return await self._measured(spent.per(self._events), effects=False)

    async def _bare(self, consumer: AIOKafkaConsumer) -> None:
        done = 0
        while done < self._events:
            fetched = await consumer.getmany(max_records=MAX_RECORDS, timeout_ms=20)
            ids = [UUID(dict(one.headers)["ce_id"].decode()) for records in fetched.values() for one in records]
            if not ids:
                continue
            async with self._connection.transaction():
                await self._connection.execute(
                    "INSERT INTO inbox (event_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING", ids
                )
            await consumer.commit()
            done += len(ids)


@benchmark("P7", shape=Shape.INFRASTRUCTURE)
async def consumer_rate(stage: Stage) -> list[Result]:
    settings: dict[str, Any] = {"max_records": MAX_RECORDS, "effect": "one row for each event"}
    measured = None
    ours = NoteWritten.topic
    async with stage.new_database(toy) as database, stage.connection(_name(database)) as connection:
        for events in (stage.size(5_000, 2_000), stage.size(20_000, 4_000)):
            topic = Topic(f"countersign.toy.consume_{new_id().hex[-8:]}", partitions=3)
            await apply_topics(stage.stack.kafka, [topic], 1)
            await _produce(stage.stack.kafka, topic, events)
            consuming = Consuming(stage, database, connection, topic, events)
            try:
                await consuming.faststream()
                measured = await paired(consuming.bare, consuming.faststream, pairs=stage.size(6, 3), seed=stage.seed)
            finally:
                NoteWritten.topic = ours
            settings[f"{events} events"] = measured.medians()
    assert measured is not None
    return [measured.result("P7", settings)]


async def _produce(kafka: str, topic: Topic, events: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", max_batch_size=262_144)
    await producer.start()
    try:
        sent = []
        for number in range(events):
            key = f"note-{number % KEYS}"
            headers = _headers(new_id(), key, number // KEYS + 1)
            body = b'{"text":"' + TEXT.encode() + b'"}'
            sent.append(await producer.send(topic.name, value=body, key=key.encode(), headers=headers))
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
