"""Making a process stop where it hurts: with an unpublished row, an uncommitted batch, an open activity."""

from contextlib import asynccontextmanager

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client

from contracts.shared.topic import Topic
from local_stack import Stack
from tests.waiting import eventually


def database_of(stack: Stack, service: str) -> str:
    return f"{stack.postgres.rsplit('/', 1)[0]}/{service}"


@asynccontextmanager
async def locked(stack: Stack, service: str, table: str):
    """Nobody else can read or write the table. Gives a probe: how many wait for it."""
    holder, observer = [await asyncpg.connect(database_of(stack, service)) for _ in range(2)]
    try:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")

        async def waiting() -> int:
            return await observer.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid)) AND application_name = $2",
                holder.get_server_pid(),
                service,
            )

        yield waiting
    finally:
        await holder.close()
        await observer.close()


async def unpublished(stack: Stack, service: str) -> int:
    """How many rows of the outbox wait for the relay."""
    connection = await asyncpg.connect(database_of(stack, service))
    try:
        return await connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
    finally:
        await connection.close()


async def being_sent(stack: Stack, process: str) -> int:
    """How many mails of the process the mail server has or has not taken, as far as notifications knows."""
    connection = await asyncpg.connect(database_of(stack, "notifications"))
    try:
        return await connection.fetchval(
            "SELECT count(*) FROM deliveries WHERE status = 'sending' AND starts_with(notification, $1)", f"{process}/"
        )
    finally:
        await connection.close()


async def parked(stack: Stack, service: str) -> int:
    """How many events the service could not handle."""
    connection = await asyncpg.connect(database_of(stack, service))
    try:
        return await connection.fetchval("SELECT count(*) FROM parked_events WHERE status = 'parked'")
    finally:
        await connection.close()


async def uncommitted(stack: Stack, service: str, topic: Topic) -> int:
    """How many records of the topic the service has not committed."""
    observer = AIOKafkaConsumer(
        bootstrap_servers=stack.kafka, group_id=f"{service}.{topic.name}", enable_auto_commit=False
    )
    await observer.start()
    try:
        places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        observer.assign(places)
        ends = await observer.end_offsets(places)
        return sum([end - (await observer.committed(place) or 0) for place, end in ends.items()])
    finally:
        await observer.stop()


async def has_heard(stack: Stack, reader: str, publisher: str, topic: Topic) -> bool:
    """Whether the reader has handled all that the publisher has committed for this topic."""
    return await unpublished(stack, publisher) == 0 and await uncommitted(stack, reader, topic) == 0


async def running_activities(client: Client, workflow_id: str) -> list[str]:
    """Names of the activities of a process that a worker has begun and not ended."""
    description = await client.get_workflow_handle(workflow_id).describe()
    return [
        one.activity_type.name
        for one in description.raw_description.pending_activities
        if one.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    ]


async def kill(stack: Stack, process: str) -> None:
    """SIGKILL, seen to be gone; the supervisor starts it again."""
    pid = stack.kill(process)
    await eventually(lambda: _gone(pid), what=f"{process} gone")


async def _gone(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: ASYNC230 - a line of the kernel's
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True
