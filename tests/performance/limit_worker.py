"""The worker of the limit process, with the options of every service's worker.

python -m tests.performance.limit_worker ADDRESS NAMESPACE
"""

import asyncio
import sys

from temporalio.worker import PollerBehaviorAutoscaling, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from chassis.processes import Temporal
from tests.performance.limit_process import TASK_QUEUE, Limit, act


async def serve(address: str, namespace: str) -> None:
    client = await Temporal(address, namespace).when_reachable()
    worker = Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Limit],
        activities=[act],
        workflow_runner=SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_all_modules()
        ),
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
    async with worker:
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:3]))
