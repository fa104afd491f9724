"""The roles of a process: `api | consumer | relay | worker`, alone or together (`all`)."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import chain
from typing import Any

import uvicorn
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from fastapi import FastAPI
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from faststream.kafka.message import KafkaAckableMessage
from sqlalchemy import text
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from chassis import clock
from chassis.consumers import BatchConsumer
from chassis.database import Database
from chassis.http.app import add_health
from chassis.processes import Processes, Temporal
from chassis.projections import mark_caught_up, not_caught_up
from chassis.reconciliation import reconciliation
from chassis.relay import Relay
from chassis.schema import check_schema
from chassis.service import Background, Service
from chassis.settings import Settings
from chassis.telemetry import instrument_database, instrument_http
from chassis.transient import is_transient, retried
from chassis.vitals import Vitals
from chassis.workflow_tasks import WorkflowTasks
from contracts.shared.topic import Topic

log = logging.getLogger(__name__)

MAX_RECORDS = 500
FETCH_WAIT_MS = 1_000
"""How long a consumer waits for records; it gets those that arrive at once."""
UNHURRIED_WAIT_MS, UNHURRIED_BYTES = 1_500, 100_000
"""How long an unhurried one lets records gather, unless they are that many."""
GRACE = timedelta(seconds=15)
BACKGROUND_IDLE, BACKGROUND_MAX = 0.5, 5.0
"""Seconds between rounds of background work without anything to do, and at most after one that failed."""
RELAY_LAG_LIMIT = 60.0
"""Seconds; a relay further behind is not ready, so that somebody notices."""


class Role(StrEnum):
    API = "api"
    CONSUMER = "consumer"
    RELAY = "relay"
    WORKER = "worker"


class Process:
    """One process of a service, in one or more roles."""

    def __init__(self, service: Service, settings: Settings, roles: Sequence[Role]) -> None:
        self.service = service
        self.settings = settings
        self.roles = roles
        self.database = Database(
            settings.database_url.get_secret_value(), name=service.name, pool=settings.database_pool
        )
        self.resources = service.resources(settings, self.database)
        self.relay = Relay(
            service.name,
            self.database,
            settings.kafka,
            epoch=settings.epoch,
            topics=service.topics,
            duties=service.duties(self.resources),
        )
        self.vitals = Vitals(service.name, self.database, outbox=Role.RELAY in roles)
        self._tasks = WorkflowTasks(service.name) if Role.WORKER in roles else None
        self._temporal = Temporal(
            settings.temporal, settings.temporal_namespace, runtime=self._tasks.runtime if self._tasks else None
        )
        self._consuming = False
        self._working = False
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Until SIGTERM or SIGINT; then what is begun is finished, within `GRACE`."""
        await retried(lambda: check_schema(self.database.engine, self.service.migrations), note=_dependency_away)
        instrument_database(self.database.engine)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        running: list[Coroutine[Any, Any, None]] = [self._serve(), self.database.waker.run(), self.vitals.run()]
        if Role.RELAY in self.roles:
            running.append(self.relay.run())
        if Role.CONSUMER in self.roles:
            running.append(self._consume())
        if Role.WORKER in self.roles:
            running.append(self._work())
            running += [self._repeat(one) for one in self.service.background]
        if self._tasks:
            running.append(self._tasks.run())
        tasks: list[asyncio.Task[None]] = [asyncio.create_task(one) for one in running]
        stopped = asyncio.create_task(self._stop.wait())
        done, _ = await asyncio.wait({stopped, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        self._stop.set()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=GRACE.total_seconds())
        await self.database.close()
        for task in tasks:
            if task in done:
                task.result()  # a role that ended by itself says why

    # -- api ---------------------------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        app = self.service.api(self.database, self.resources) if Role.API in self.roles else FastAPI(openapi_url=None)
        add_health(app, self.service.name, self.settings.instance, self.waiting_for)
        instrument_http(app)
        config = uvicorn.Config(
            app,
            host=self.settings.http_host,
            port=self.settings.http_port,
            log_config=None,
            access_log=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=int(GRACE.total_seconds()),
            h11_max_incomplete_event_size=65_536,
            server_header=False,
        )
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(_without_signals(server))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise

    async def waiting_for(self) -> list[str]:
        """What this process can not do its work without, and lacks now; empty when it is ready."""
        waiting: list[str] = []
        try:
            async with asyncio.timeout(2), self.database.reading() as connection:
                await connection.execute(text("SELECT 1"))
                topics = [one.topic.name for one in self.service.projections]
                if Role.API in self.roles or Role.CONSUMER in self.roles:
                    waiting += [f"projection {name}" for name in sorted(await not_caught_up(connection, topics))]
        except Exception as error:
            if not is_transient(error):
                raise
            waiting.append("database")
        if Role.RELAY in self.roles and (not self.relay.connected or self.vitals.outbox_age > RELAY_LAG_LIMIT):
            waiting.append("relay")
        if Role.CONSUMER in self.roles and not self._consuming:
            waiting.append("consumer")
        if Role.WORKER in self.roles and not self._working:
            waiting.append("worker")
        return waiting

    # -- consumer ----------------------------------------------------------------------------------------------------

    async def _consume(self) -> None:
        """
        Raises:
            ExceptionGroup: of a `KafkaError`: a consumer can not go on; a new process can.
        """
        pause, broken = 0.5, asyncio.get_running_loop().create_future()
        while True:
            broker = self._broker(broken)
            try:
                await broker.start()
                break
            except (KafkaError, OSError) as error:
                log.warning("Kafka can not be reached, trying again", extra={"error": repr(error)[:200]})
                with contextlib.suppress(KafkaError, OSError):
                    await broker.stop()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 3.0)
        self._consuming = True
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(retried(self._catch_up, note=_dependency_away))
                await broken
        finally:
            self._consuming = False
            await broker.stop()

    def _broker(self, broken: asyncio.Future[None]) -> KafkaBroker:
        broker = KafkaBroker(
            self.settings.kafka,
            client_id=self.service.name,
            ack_policy=AckPolicy.NACK_ON_ERROR,
            allow_auto_create_topics=False,
            graceful_timeout=GRACE.total_seconds(),
            logger=None,
        )
        for reader in self.service.readers:
            self._subscribe(broker, BatchConsumer(reader, self.database, Processes(self._temporal.client)), broken)
        return broker

    def _subscribe(self, broker: KafkaBroker, consumer: BatchConsumer, broken: asyncio.Future[None]) -> None:
        topic, unhurried = consumer.reader.topic.name, consumer.reader.unhurried

        async def as_it_came(records: tuple[ConsumerRecord, ...]) -> KafkaMessage:
            # Records are read by `BatchConsumer`, which parks what it can not read; FastStream's parser would raise.
            return KafkaAckableMessage(body=b"", raw_message=records, consumer=subscriber.consumer)

        async def undecoded(message: Any) -> bytes:
            return b""

        subscriber = broker.subscriber(
            topic,
            group_id=self.service.group(topic),
            batch=True,
            max_records=MAX_RECORDS,
            auto_offset_reset="earliest",
            session_timeout_ms=6_000,
            heartbeat_interval_ms=2_000,
            fetch_max_wait_ms=UNHURRIED_WAIT_MS if unhurried else FETCH_WAIT_MS,
            fetch_min_bytes=UNHURRIED_BYTES if unhurried else 1,
            parser=as_it_came,
            decoder=undecoded,
        )

        async def fetch(kafka: AIOKafkaConsumer) -> tuple[ConsumerRecord, ...]:
            # FastStream's own sleeps after every empty fetch for as long as it has waited, whatever arrives meanwhile.
            try:
                fetched = await kafka.getmany(timeout_ms=FETCH_WAIT_MS, max_records=MAX_RECORDS)
            except KafkaError as error:
                log.exception("can not fetch", extra={"topic": topic})
                if type(error) is KafkaError and not broken.done():  # unforeseen: its coordinator has ended
                    broken.set_exception(error)
                raise
            return tuple(chain.from_iterable(fetched.values()))

        subscriber.get_msg = fetch  # type: ignore[method-assign,assignment]

        @subscriber
        async def handle(message: KafkaMessage) -> None:
            await consumer.handle(message.raw_message)

    async def _catch_up(self) -> None:
        """Waits until new projections have read their topics to the ends that these have now."""
        async with self.database.reading() as connection:
            new = await not_caught_up(connection, [one.topic.name for one in self.service.projections])
        for projection in self.service.projections:
            if projection.topic.name in new:
                await self._reach_end(projection.topic)
        async with self.database.transaction() as session:
            await mark_caught_up(session, sorted(new), clock.now())

    async def _reach_end(self, topic: Topic) -> None:
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        # Assigned by hand, it looks at the group's offsets without joining the group.
        observer = AIOKafkaConsumer(
            bootstrap_servers=self.settings.kafka, group_id=self.service.group(topic.name), enable_auto_commit=False
        )
        await observer.start()
        try:
            observer.assign(partitions)
            for partition, end in (await observer.end_offsets(partitions)).items():
                while (await observer.committed(partition) or 0) < end:  # noqa: ASYNC110 - only Kafka knows
                    await asyncio.sleep(0.1)
        finally:
            await observer.stop()

    # -- worker ------------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        if not self.service.activities and not self.service.workflows:
            self._working = True
            await asyncio.Event().wait()
        client = await self._temporal.when_reachable()
        own = reconciliation(self.service, self.database, Processes(self._temporal.client))
        while True:
            worker = Worker(
                client,
                task_queue=self.service.name,
                workflows=[*self.service.workflows, *own.workflows],
                activities=[
                    *(one.register(self.database, self.resources) for one in self.service.activities),
                    *own.activities,
                ],
                workflow_runner=UnsandboxedWorkflowRunner(),
                graceful_shutdown_timeout=GRACE,
                patch_activation_callback=lambda _: self.settings.workflow_patches == "used",
                workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
                activity_task_poller_behavior=PollerBehaviorAutoscaling(),
            )
            try:
                async with worker:
                    self._working = True
                    await own.keep_scheduled(client)
            except (RuntimeError, OSError) as error:
                log.warning("worker interrupted, starting again", extra={"error": repr(error)[:300]})
                await asyncio.sleep(1.0)
            finally:
                self._working = False

    async def _repeat(self, act: Background) -> None:
        pause = BACKGROUND_IDLE
        while True:
            busy = False
            try:
                busy = await act(self.database, self.resources, await self.database.now())
                pause = BACKGROUND_IDLE
            except Exception as error:
                pause = min(pause * 2, BACKGROUND_MAX)
                if is_transient(error):
                    log.warning("background work failed, trying again", extra={"error": repr(error)[:300]})
                else:
                    log.exception("background work fails")
            if not busy:
                await asyncio.sleep(pause)


def _dependency_away(error: Exception) -> None:
    log.warning("a dependency is away, trying again", extra={"error": repr(error)[:300]})


async def _without_signals(server: uvicorn.Server) -> None:
    """Signals are ours: one process has one idea of when it stops."""
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    await server.serve()


def leave(status: int) -> None:
    """Ends the process without finalising the interpreter: one that used a Temporal client may abort there before
    Python 3.14 (temporalio/sdk-python issue 300)."""
    os._exit(status)
