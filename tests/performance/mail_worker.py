"""Stands in for notifications where mails are not what is measured: says at once that a mail was sent, and prints which.

python -m tests.performance.mail_worker ADDRESS NAMESPACE
"""

import asyncio
import sys

from temporalio import activity
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from chassis.garbage import collect_less_often
from chassis.processes import Temporal
from contracts.notifications.activities import SendMail, Sent, send_mail


@activity.defn(name=send_mail.activity_name)
async def sent(command: SendMail) -> Sent:
    print(command.notification, flush=True)  # noqa: T201 - read by the benchmark
    return Sent()


async def serve(address: str, namespace: str) -> None:
    client = await Temporal(address, namespace).when_reachable()
    polling = PollerBehaviorAutoscaling()
    async with Worker(
        client, task_queue=send_mail.task_queue, activities=[sent], activity_task_poller_behavior=polling
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    collect_less_often()
    asyncio.run(serve(*sys.argv[1:3]))
