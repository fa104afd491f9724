"""Activity stubs: how a workflow calls a step that another service (or its own) carries out.

A stub is declared beside the events of the service that owns the data, called by any workflow, and bound to its
implementation by the owner (`chassis.processes.implements`), so that a wrong payload is a type error::

    @stub(task_queue=TASK_QUEUE)
    async def place_order(command: PlaceOrder) -> Placed | Refused: ...

    result = await workflow.execute_activity(place_order, PlaceOrder(order_id), **place_order.options)
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Protocol, TypeVar, cast

from pydantic import BaseModel, ConfigDict
from temporalio import activity
from temporalio.common import RetryPolicy

C = TypeVar("C")
R = TypeVar("R")
CommandT = TypeVar("CommandT", contravariant=True)
ResultT = TypeVar("ResultT", covariant=True)

HEARTBEAT = timedelta(seconds=4)
"""After so long without a sign of life an attempt counts as lost with its worker, and the next one begins."""

registry: dict[str, "ActivityStub[Any, Any]"] = {}
"""Every declared stub by its activity name."""


class Payload(BaseModel):
    """A command, result or signal of a process: ids, numbers and codes; no names, addresses or tokens."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ActivityStub(Protocol[CommandT, ResultT]):
    """The callable that `workflow.execute_activity` takes, with the options it should be called with."""

    activity_name: str
    task_queue: str
    options: dict[str, Any]

    def __call__(self, command: CommandT, /) -> Awaitable[ResultT]: ...


def stub(
    *, task_queue: str, timeout: timedelta = timedelta(seconds=30)
) -> Callable[[Callable[[C], Awaitable[R]]], ActivityStub[C, R]]:
    """Declares an activity of the service that owns `task_queue`, named `<task queue>.<function>`.

    `timeout` bounds one attempt. Attempts go on for ever with a growing pause of at most a minute: a refusal that is
    expected is a result, so an error is something an operator sees in the Temporal UI and puts right.
    """

    def declare(function: Callable[[C], Awaitable[R]]) -> ActivityStub[C, R]:
        name = f"{task_queue}.{function.__name__}"
        if name in registry:
            raise TypeError(f"activity {name} is declared twice")
        declared = cast(ActivityStub[C, R], activity.defn(name=name)(function))
        declared.activity_name = name
        declared.task_queue = task_queue
        declared.options = {
            "task_queue": task_queue,
            "start_to_close_timeout": timeout,
            "heartbeat_timeout": HEARTBEAT,
            "retry_policy": RetryPolicy(
                initial_interval=timedelta(milliseconds=500),
                backoff_coefficient=2.0,
                maximum_interval=timedelta(minutes=1),
            ),
        }
        registry[name] = declared
        return declared

    return declare
