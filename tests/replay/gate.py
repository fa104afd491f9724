"""The replay gate: today's code must do what the recorded histories say that it did, with the same arguments.

Temporal's own check compares kinds and names of steps, in their order. The gate also compares what that does not look at: how
long a timer runs, where a step goes and with which command, and which search attributes are set. No difference are a field that
was added to a command, and options of a step, such as its timeouts.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

HISTORIES = Path(__file__).parent / "histories"
SAME_TIME = timedelta(seconds=1)
"""A replay takes the time of a local step from its marker, and so is some milliseconds off."""

Step = dict[str, Any]
"""What one command or event says, in words for a person."""


def histories(process: str) -> list[Path]:
    """Every branch of a process that was recorded."""
    return sorted((HISTORIES / process).glob("*.json"))


async def objections(workflow: type, recorded: Path) -> list[str]:
    """Every way in which this code does not do what is recorded; empty: a process that is there may go on with it."""
    history = _history(recorded)
    listening = _Listening()
    replayer = Replayer(workflows=[workflow], data_converter=pydantic_data_converter, workflow_runner=listening)
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    if result.replay_failure is not None:
        return [f"{type(result.replay_failure).__name__}: {result.replay_failure}"]
    return list(_differences(_recorded(history), _commanded(listening.commands)))


def _history(recorded: Path) -> WorkflowHistory:
    events = WorkflowHistory.from_json(recorded.stem, recorded.read_text()).events
    return WorkflowHistory(events[0].workflow_execution_started_event_attributes.workflow_id, events)


class _Listening(WorkflowRunner):
    """Runs a workflow as the services do, and keeps its commands."""

    def __init__(self) -> None:
        # Importing every module anew takes seconds on a busy machine, which count as a deadlock.
        restrictions = SandboxRestrictions.default.with_passthrough_all_modules()
        self._runner = SandboxedWorkflowRunner(restrictions=restrictions)
        self.commands: list[Any] = []

    def prepare_workflow(self, defn: Any) -> None:
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Heard(self._runner.create_instance(det), self.commands)


class _Heard(WorkflowInstance):
    def __init__(self, instance: WorkflowInstance, commands: list[Any]) -> None:
        self._instance = instance
        self._commands = commands

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        completion = self._instance.activate(act)
        self._commands.extend(completion.successful.commands)
        return completion

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Any:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()


def _commanded(commands: list[Any]) -> dict[str, Step]:
    """By the id under which the server records it."""
    steps, attributes = {}, 0
    for command in commands:
        match command.WhichOneof("variant"):
            case "start_timer":
                timer = command.start_timer
                steps[f"timer {timer.seq}"] = _timer(timer)
            case "schedule_activity":
                activity = command.schedule_activity
                steps[f"activity {activity.activity_id}"] = _activity(
                    activity.activity_type, activity.task_queue, activity.arguments
                )
            case "upsert_workflow_search_attributes":
                attributes += 1
                fields = command.upsert_workflow_search_attributes.search_attributes.indexed_fields
                steps[f"search attributes {attributes}"] = _read(fields)
    return steps


def _recorded(history: WorkflowHistory) -> dict[str, Step]:
    steps, attributes = {}, 0
    for event in history.events:
        match event.WhichOneof("attributes"):
            case "timer_started_event_attributes":
                timer = event.timer_started_event_attributes
                steps[f"timer {timer.timer_id}"] = _timer(timer)
            case "activity_task_scheduled_event_attributes":
                activity = event.activity_task_scheduled_event_attributes
                steps[f"activity {activity.activity_id}"] = _activity(
                    activity.activity_type.name, activity.task_queue.name, activity.input.payloads
                )
            case "upsert_workflow_search_attributes_event_attributes":
                attributes += 1
                changed = event.upsert_workflow_search_attributes_event_attributes
                steps[f"search attributes {attributes}"] = _read(changed.search_attributes.indexed_fields)
    return steps


def _timer(timer: Any) -> Step:
    return {"runs for": timer.start_to_fire_timeout.ToTimedelta()}


def _activity(name: str, queue: str, arguments: Any) -> Step:
    return {"name": name, "queue": queue, "command": [_value(payload) for payload in arguments]}


def _read(fields: Any) -> Step:
    return {name: _value(payload) for name, payload in fields.items()}


def _value(payload: Any) -> Any:
    return json.loads(payload.data) if payload.data else None


def _differences(recorded: dict[str, Step], commanded: dict[str, Step]) -> Iterator[str]:
    for name, was in recorded.items():
        now = commanded.get(name)
        if now is None:
            yield f"{name} is not there any more: {was}"
        elif not _holds(was, now):
            yield f"{name} was {was}, is {now}"


def _holds(was: Any, now: Any) -> bool:
    """All that was there is there with the same value."""
    if isinstance(was, dict) and isinstance(now, dict):
        return all(name in now and _holds(value, now[name]) for name, value in was.items())
    if isinstance(was, list) and isinstance(now, list):
        return len(was) == len(now) and all(map(_holds, was, now))
    if isinstance(was, timedelta):
        return abs(was - now) < SAME_TIME
    return bool(was == now)
