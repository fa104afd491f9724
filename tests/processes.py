"""Real workflow code on the time-skipping server, with fake activities under the names of their stubs.

A package's `conftest.py` takes the fixture by `from tests.processes import time_skipping`; a test then says which workflow
runs and what its activities answer::

    async with time_skipping.running(InvitationAcceptanceWorkflow, "identity", [fake(read_invitation, row.read)]) as client:
        handle = await client.start_workflow(...)
        await time_skipping.pass_time(timedelta(days=3))
        await record_history(handle, "invitation-acceptance", "reminded")
"""

import inspect
import os
import re
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from contracts.shared.activity import ActivityStub
from contracts.shared.process import SEARCH_ATTRIBUTES

C = TypeVar("C")
R = TypeVar("R")

TEST_SERVER = Path(sys.executable).with_name("temporal-test-server")
HISTORIES = Path(__file__).parent / "replay" / "histories"
RECORDING = os.environ.get("COUNTERSIGN_RECORD") == "1"


@dataclass(frozen=True)
class Fake:
    task_queue: str
    function: Callable[..., Awaitable[Any]]


def fake(stub: ActivityStub[C, R], answer: Callable[[C], R | Awaitable[R]]) -> Fake:
    """An activity that is found under the stub's name and takes and gives what the stub says."""

    async def run(command: Any) -> Any:
        answered = answer(command)
        return await answered if inspect.isawaitable(answered) else answered

    hints = get_type_hints(stub)
    run.__annotations__ = {"command": hints["command"], "return": hints["return"]}
    return Fake(stub.task_queue, activity.defn(name=stub.activity_name)(run))


@dataclass(frozen=True)
class TimeSkipping:
    """A Temporal server whose clock runs ahead to the next timer while a test waits for a result."""

    environment: WorkflowEnvironment

    @property
    def client(self) -> Client:
        return self.environment.client

    async def now(self) -> datetime:
        return await self.environment.get_current_time()

    async def pass_time(self, elapsed: timedelta) -> None:
        await self.environment.sleep(elapsed)

    @asynccontextmanager
    async def running(self, workflow: type, task_queue: str, fakes: Sequence[Fake]) -> AsyncIterator[Client]:
        """A worker for the workflow and the fakes of its own queue, and one per other queue."""
        by_queue: dict[str, list[Callable[..., Any]]] = defaultdict(list, {task_queue: []})
        for one in fakes:
            by_queue[one.task_queue].append(one.function)
        async with AsyncExitStack() as workers:
            for queue, functions in by_queue.items():
                worker = Worker(
                    self.client,
                    task_queue=queue,
                    workflows=[workflow] if queue == task_queue else [],
                    activities=functions,
                    workflow_runner=SandboxedWorkflowRunner(
                        restrictions=SandboxRestrictions.default.with_passthrough_all_modules()
                    ),
                )
                await workers.enter_async_context(worker)
            yield self.client


@pytest.fixture(scope="session")
async def time_skipping() -> AsyncIterator[TimeSkipping]:
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(TEST_SERVER), data_converter=pydantic_data_converter
    )
    async with environment:
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=environment.client.namespace,
                search_attributes={
                    one.name: IndexedValueType.ValueType(one.indexed_value_type) for one in SEARCH_ATTRIBUTES
                },
            )
        )
        yield TimeSkipping(environment)


async def record_history(handle: WorkflowHandle[Any, Any], process: str, branch: str) -> None:
    """Keeps the history of a finished process for replay, when COUNTERSIGN_RECORD=1; process and host are left out."""
    if RECORDING:
        path = HISTORIES / process / f"{branch}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        history = await handle.fetch_history()
        history.events[0].workflow_execution_started_event_attributes.workflow_id = handle.id
        path.write_text(re.sub(r'"identity": "[^"]*"', '"identity": "tests"', history.to_json()) + "\n")
