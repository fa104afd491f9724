"""Starting, signalling and reconciling processes, against a real Temporal server."""

import asyncio
from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio import workflow
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from chassis.context import Cause, cause, caused_by
from chassis.errors import Conflict, NotYet
from chassis.ids import new_id
from chassis.processes import Processes, ProcessStart, Temporal, implements, reconcile
from contracts.shared import activity
from contracts.shared.activity import Payload, stub
from contracts.shared.process import ROW_CHANGED, RowChanged
from tests.waiting import eventually

QUEUE = f"toy-{new_id().hex[-8:]}"


class Ask(Payload):
    question: str


class Answer(Payload):
    answer: str


@stub(task_queue=QUEUE)
async def ask(command: Ask) -> Answer: ...


activity.registry.pop(f"{QUEUE}.ask")  # not part of the published language


@workflow.defn(name=f"Toy-{QUEUE}")
class ToyWorkflow:
    def __init__(self) -> None:
        self.changes: list[int] = []

    @workflow.run
    async def run(self, start: Ask) -> list[str]:
        answer = await workflow.execute_activity(ask, start, **ask.options)
        await workflow.wait_condition(lambda: bool(self.changes))
        return [answer.answer, str(self.changes)]

    @workflow.signal(name=ROW_CHANGED)
    def row_changed(self, change: RowChanged) -> None:
        self.changes.append(change.sequence)


@pytest.fixture
async def temporal(infrastructure):
    return Temporal(infrastructure.temporal, infrastructure.temporal_namespace)


@pytest.fixture
async def worker(temporal, new_database):
    database = await new_database("tests.chassis.toy")
    seen: list[Cause] = []
    failures: list[Exception] = []

    @implements(ask)
    async def answer(entry, command: Ask) -> Answer:
        seen.append(cause())
        if failures:
            raise failures.pop()
        return Answer(answer=command.question.upper())

    async with Worker(
        await temporal.client(),
        task_queue=QUEUE,
        workflows=[ToyWorkflow],
        activities=[answer.register(database, {})],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        yield seen, failures


def start(workflow_id: str) -> ProcessStart:
    return ProcessStart(
        workflow=f"Toy-{QUEUE}", id=workflow_id, task_queue=QUEUE, argument=Ask(question="why"), summary="A toy",
        company_number="C-1",
    )  # fmt: skip


async def test_a_process_is_started_once_signalled_and_told_why(temporal, worker):
    seen, _ = worker
    processes, workflow_id = Processes(temporal.client), f"toy/{new_id()}"
    with caused_by(Cause(correlation_id="from outside")):
        assert await processes.start(start(workflow_id)) is True
        assert await processes.start(start(workflow_id)) is False
    await processes.row_changed(workflow_id, RowChanged(sequence=7, status="open"))
    handle = (await temporal.client()).get_workflow_handle(workflow_id)
    async with asyncio.timeout(60):
        assert await handle.result() == ["WHY", "[7]"]
    assert seen[0].correlation_id == "from outside"
    assert seen[0].actor == f"process:{workflow_id}"
    assert seen[0].causation_id.startswith(f"{workflow_id}/")
    assert await processes.start(start(workflow_id)) is False, "an event repeated after the end starts nothing"


async def test_a_signal_to_a_process_that_has_ended_does_no_harm(temporal):
    await Processes(temporal.client).row_changed(f"toy/{new_id()}", RowChanged(sequence=1, status="closed"))


async def test_a_refusal_in_an_activity_is_a_visible_failure_that_is_tried_again(temporal, worker):
    _, failures = worker
    failures.append(Conflict("not-now", "Later."))
    processes, workflow_id = Processes(temporal.client), f"toy/{new_id()}"
    await processes.start(start(workflow_id))
    await processes.row_changed(workflow_id, RowChanged(sequence=1, status="open"))
    handle = (await temporal.client()).get_workflow_handle(workflow_id)
    async with asyncio.timeout(60):
        assert (await handle.result())[0] == "WHY"
    history = await handle.fetch_history()
    started = [
        event.activity_task_started_event_attributes
        for event in history.events
        if event.HasField("activity_task_started_event_attributes")
    ]
    assert started[0].last_failure.application_failure_info.type == "not-now"


async def test_reconcile_starts_what_was_terminated_and_nothing_that_runs(temporal, worker, new_database):
    database = await new_database("tests.chassis.toy")
    processes, ids = Processes(temporal.client), [f"toy/{new_id()}" for _ in range(2)]
    for one in ids:
        await processes.start(start(one))
    await (await temporal.client()).get_workflow_handle(ids[0]).terminate("lost")

    async def open_rows(session):
        return [start(one) for one in ids]

    assert await reconcile(database, processes, [open_rows]) == [ids[0]]
    assert await reconcile(database, processes, [open_rows]) == []


async def test_reconcile_leaves_alone_what_ended_after_its_row_was_looked_at(temporal, worker, new_database):
    database = await new_database("tests.chassis.toy")
    processes, ended = Processes(temporal.client), f"toy/{new_id()}"
    await processes.start(start(ended))
    looks = iter([[start(ended)], []])

    async def open_rows(session):
        rows = next(looks)
        if rows:
            await (await temporal.client()).get_workflow_handle(ended).terminate("its row was closed meanwhile")
        return rows

    assert await reconcile(database, processes, [open_rows]) == []
    assert not await processes.runs(ended)


async def test_temporal_that_is_away_is_transient():
    away = Temporal("127.0.0.1:9", "nowhere")
    with pytest.raises(NotYet):
        await Processes(away.client).start(start("toy/never"))


async def test_a_namespace_that_was_lost_and_is_not_prepared_is_transient(infrastructure, temporal):
    """Else the events that start processes would be parked, and not wait for whoever prepares it."""
    new = f"lost-{new_id()}"
    request = RegisterNamespaceRequest(
        namespace=new, workflow_execution_retention_period=Duration(seconds=int(timedelta(days=1).total_seconds()))
    )
    await (await temporal.client()).workflow_service.register_namespace(request)
    processes = Processes(Temporal(infrastructure.temporal, new).client)

    async def refused() -> str:
        try:
            await processes.start(start("toy/early"))
        except NotYet as error:
            return error.code
        except RPCError:  # it is not known everywhere at once
            return ""
        return "started"

    assert await eventually(refused) == "namespace-unprepared"
