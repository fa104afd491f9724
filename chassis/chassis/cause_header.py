"""Carries the correlation id through Temporal, so that what a process does days later still names what began it."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import temporalio.activity
import temporalio.client
import temporalio.worker
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter

from chassis.context import Cause, cause, caused_by

HEADER = "countersign-correlation"
_of_workflow: ContextVar[str | None] = ContextVar("correlation of this workflow", default=None)


def _with_header(headers: Mapping[str, Payload], correlation_id: str | None) -> Mapping[str, Payload]:
    if not correlation_id:
        return headers
    return {**headers, HEADER: PayloadConverter.default.to_payload(correlation_id)}


def _from_header(headers: Mapping[str, Payload]) -> str | None:
    payload = headers.get(HEADER)
    return PayloadConverter.default.from_payload(payload, str) if payload else None


class CauseInterceptor(temporalio.client.Interceptor, temporalio.worker.Interceptor):
    """On the client, which hands it to its workers."""

    def intercept_client(self, next: temporalio.client.OutboundInterceptor) -> temporalio.client.OutboundInterceptor:
        return _Client(next)

    def intercept_activity(
        self, next: temporalio.worker.ActivityInboundInterceptor
    ) -> temporalio.worker.ActivityInboundInterceptor:
        return _Activity(next)

    def workflow_interceptor_class(
        self, input: temporalio.worker.WorkflowInterceptorClassInput
    ) -> type[temporalio.worker.WorkflowInboundInterceptor]:
        return _Workflow


class _Client(temporalio.client.OutboundInterceptor):
    async def start_workflow(
        self, input: temporalio.client.StartWorkflowInput
    ) -> temporalio.client.WorkflowHandle[Any, Any]:
        input.headers = _with_header(input.headers, cause().correlation_id)
        return await super().start_workflow(input)


class _Activity(temporalio.worker.ActivityInboundInterceptor):
    async def execute_activity(self, input: temporalio.worker.ExecuteActivityInput) -> Any:
        with caused_by(replace(Cause(), correlation_id=_from_header(input.headers))):
            return await super().execute_activity(input)


class _Workflow(temporalio.worker.WorkflowInboundInterceptor):
    def init(self, outbound: temporalio.worker.WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))

    async def execute_workflow(self, input: temporalio.worker.ExecuteWorkflowInput) -> Any:
        _of_workflow.set(_from_header(input.headers))
        return await super().execute_workflow(input)


class _Outbound(temporalio.worker.WorkflowOutboundInterceptor):
    def start_activity(self, input: temporalio.worker.StartActivityInput) -> temporalio.workflow.ActivityHandle[Any]:
        input.headers = _with_header(input.headers, _of_workflow.get())
        return super().start_activity(input)

    def start_local_activity(
        self, input: temporalio.worker.StartLocalActivityInput
    ) -> temporalio.workflow.ActivityHandle[Any]:
        input.headers = _with_header(input.headers, _of_workflow.get())
        return super().start_local_activity(input)
