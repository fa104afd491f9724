"""Temporal: how consumers start and signal processes, and how a service binds its activities to the published stubs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from chassis import clock
from chassis.cause_header import CauseInterceptor
from chassis.context import Cause, cause, caused_by
from chassis.database import Database
from chassis.errors import DomainError, NotYet
from chassis.ids import new_id
from chassis.telemetry import temporal_plugins
from contracts.shared.activity import ActivityStub
from contracts.shared.process import COMPANY_NUMBER, ORDER_NUMBER, ROW_CHANGED, RowChanged

log = logging.getLogger(__name__)

C = TypeVar("C")
R = TypeVar("R")


class Temporal:
    """The one client of a process, connected when it is first needed."""

    def __init__(self, address: str, namespace: str, *, runtime: Runtime | None = None) -> None:
        self.address = address
        self.namespace = namespace
        self._runtime = runtime
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def client(self) -> Client:
        """
        Raises:
            NotYet: the server can not be reached now.
        """
        async with self._connecting:
            if self._client is None:
                try:
                    self._client = await Client.connect(
                        self.address,
                        namespace=self.namespace,
                        data_converter=pydantic_data_converter,
                        interceptors=[CauseInterceptor()],
                        plugins=temporal_plugins(),
                        runtime=self._runtime,
                    )
                except (RuntimeError, OSError) as error:
                    raise NotYet("temporal-away", str(error)[:200]) from error
            return self._client

    async def when_reachable(self) -> Client:
        """The client, as soon as there can be one: a worker can not use a lazy one."""
        pause = 0.2
        while True:
            try:
                return await self.client()
            except NotYet as error:
                log.warning("Temporal can not be reached, trying again", extra={"error": error.detail})
                await asyncio.sleep(pause)
                pause = min(pause * 2, 3.0)


@dataclass(frozen=True)
class ProcessStart:
    """How one process is started: by `workflow`, under an id that a person can type."""

    workflow: str
    id: str
    task_queue: str
    argument: BaseModel
    summary: str
    company_number: str
    order_number: str | None = None
    searchable: Sequence[SearchAttributePair[Any]] = ()
    """Further attributes that it begins with; to set them later costs the server as much as a step."""


class Processes:
    """Starts and signals. Used by consumers and `reconcile` alone; both are safe to repeat."""

    def __init__(self, client: Callable[[], Awaitable[Client]]) -> None:
        """
        Args:
            client: connects at the first use, so that a consumer works while Temporal is away.
        """
        self.client = client

    async def start(self, process: ProcessStart, *, again: bool = False) -> bool:
        """Starts it unless it runs or ran. `again`: also when it was closed before its row was (reconcile).

        Returns:
            False if there was nothing to start.

        Raises:
            NotYet: the namespace is new, or was lost, and is not prepared.
        """
        attributes = [SearchAttributePair(COMPANY_NUMBER, process.company_number), *process.searchable]
        if process.order_number:
            attributes.append(SearchAttributePair(ORDER_NUMBER, process.order_number))
        try:
            client = await self.client()
            await client.start_workflow(
                process.workflow,
                process.argument,
                id=process.id,
                task_queue=process.task_queue,
                id_reuse_policy=(
                    WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.REJECT_DUPLICATE
                ),
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                static_summary=process.summary,
                search_attributes=TypedSearchAttributes(attributes),
            )
        except WorkflowAlreadyStartedError:
            return False
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT and "search attribute" in error.message.lower():
                raise NotYet("namespace-unprepared", "The namespace has no search attributes yet: migrate.") from error
            raise
        return True

    async def runs(self, workflow_id: str) -> bool:
        """Whether it runs now."""
        client = await self.client()
        try:
            described = await client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise
        return described.status is WorkflowExecutionStatus.RUNNING

    async def row_changed(self, workflow_id: str, change: RowChanged) -> None:
        """Tells a process to look at its row. One that is not there has ended, or `reconcile` will start it."""
        client = await self.client()
        handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id)
        try:
            await handle.signal(ROW_CHANGED, change)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise


@dataclass(frozen=True)
class ActivityEntry:
    """What an activity is given: the database, and the moment it runs."""

    database: Database
    resources: dict[type, Any]
    now: datetime

    def transaction(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self.database.transaction()

    def resource(self, kind: type[R]) -> R:
        """A long-lived object of the service (a mailer), by its type; the composition root made it."""
        return self.resources[kind]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class BoundActivity:
    """An implementation, registered under its stub's name."""

    stub: ActivityStub[Any, Any]
    implementation: Callable[[ActivityEntry, Any], Awaitable[Any]]

    def register(self, database: Database, resources: dict[type, Any]) -> Callable[..., Awaitable[Any]]:
        """The function for the Temporal worker. A `DomainError` becomes a retried failure that says its code."""
        implementation, name = self.implementation, self.stub.activity_name

        async def run(command: Any) -> Any:
            info = activity.info()
            before = cause()
            because = Cause(
                correlation_id=before.correlation_id or info.workflow_id,
                causation_id=f"{info.workflow_id}/{info.activity_id}",
                actor=f"process:{info.workflow_id}",
            )
            with caused_by(because), beating():
                try:
                    return await implementation(ActivityEntry(database, resources, clock.now()), command)
                except DomainError as error:
                    raise ApplicationError(str(error), type=error.code) from error

        hints = get_type_hints(self.stub)
        run.__annotations__ = {"command": self.command_type, "return": hints["return"]}
        return activity.defn(name=name)(run)

    @cached_property
    def command_type(self) -> Any:
        return get_type_hints(self.stub)["command"]


@contextmanager
def beating() -> Iterator[None]:
    """Tells the server that this attempt lives, so that it is begun again within seconds after its worker was killed."""
    limit = activity.info().heartbeat_timeout
    if limit is None:
        yield
        return

    async def beat() -> None:
        while True:
            await asyncio.sleep(limit.total_seconds() / 4)  # the attempt's start counts as the first beat
            activity.heartbeat()

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()


def implements(
    stub: ActivityStub[C, R],
) -> Callable[[Callable[[ActivityEntry, C], Awaitable[R]]], BoundActivity]:
    """Binds an implementation to its published stub, types included::

    @implements(stubs.place_order)
    async def place_order(entry: ActivityEntry, command: PlaceOrder) -> Placed: ...
    """

    def bind(implementation: Callable[[ActivityEntry, C], Awaitable[R]]) -> BoundActivity:
        return BoundActivity(stub, implementation)

    return bind


Reconciler = Callable[[AsyncSession], Awaitable[list[ProcessStart]]]
"""Answers which processes should be running, from the open rows of one feature."""


async def reconcile(database: Database, processes: Processes, reconcilers: list[Reconciler]) -> list[str]:
    """Starts every process whose row is open and which does not run. Returns the ids of those started."""
    started: list[str] = []
    for expected in reconcilers:
        missing = [one for one in await _expected(database, expected) if not await processes.runs(one.id)]
        # A row may have been closed, and its process with it, since it was looked at.
        still = {one.id for one in await _expected(database, expected)} if missing else set()
        for process in missing:
            with caused_by(Cause(correlation_id=str(new_id()), actor="reconcile")):
                if process.id in still and await processes.start(process, again=True):
                    started.append(process.id)
    return started


async def _expected(database: Database, expected: Reconciler) -> list[ProcessStart]:
    async with database.transaction() as session:
        return await expected(session)
