"""Workflow tasks that fail: code that does not fit a process's history, or breaks. The process waits meanwhile.

Only the Temporal SDK knows, and says it by a counter of its own.
"""

import asyncio
import time
from collections import deque

from prometheus_client import Gauge
from temporalio.runtime import MetricBuffer, Runtime, TelemetryConfig

REMEMBERED = 900.0
"""Seconds; the server lets a task that fails wait for ten minutes at most before it is tried again."""
EVERY = 1.0
_FAILED = "workflow_task_execution_failed"
_ROOM = 100_000
"""Updates between two looks."""

failing = Gauge("countersign_workflow_tasks_failing", "Failed within the last quarter of an hour", ["service"])


class WorkflowTasks:
    """Counts them for one process, whose client uses `runtime`."""

    def __init__(self, service: str) -> None:
        self._updates = MetricBuffer(_ROOM)
        self.runtime = Runtime(telemetry=TelemetryConfig(metrics=self._updates))
        self._failures: deque[tuple[float, int]] = deque()
        failing.labels(service).set_function(self.failed)

    def failed(self) -> int:
        """How many did within `REMEMBERED`."""
        while self._failures and self._failures[0][0] < time.monotonic() - REMEMBERED:
            self._failures.popleft()
        return sum(many for _, many in self._failures)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            for update in self._updates.retrieve_updates():
                if update.metric.name.endswith(_FAILED):
                    self._failures.append((time.monotonic(), int(update.value)))
            await asyncio.sleep(EVERY)
