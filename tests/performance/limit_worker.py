"""The worker of the limit process, with the options of every service's worker.

python -m tests.performance.limit_worker ADDRESS NAMESPACE
"""

import asyncio
import sys

from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from chassis.garbage import collect_less_often
from chassis.processes import Temporal
from tests.performance.limit_process import TASK_QUEUE, Limit, act


async def serve(address: str, namespace: str) -> None:
    client = await Temporal(address, namespace).when_reachable()
    worker = Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Limit],
        activities=[act],
        workflow_runner=UnsandboxedWorkflowRunner(),
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
    async with worker:
        await asyncio.Event().wait()


if __name__ == "__main__":
    collect_less_often()
    asyncio.run(serve(*sys.argv[1:3]))
