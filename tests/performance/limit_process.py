"""The limit for P1, P2 and P4: a process that takes one signal, runs one activity and ends."""

from datetime import timedelta

from temporalio import activity, workflow

TASK_QUEUE = "limit"


@activity.defn
async def act(number: int) -> int:
    return number


@workflow.defn
class Limit:
    @workflow.init
    def __init__(self, number: int) -> None:
        self._told = False

    @workflow.run
    async def run(self, number: int) -> int:
        await workflow.wait_condition(lambda: self._told)
        return await workflow.execute_activity(act, number, start_to_close_timeout=timedelta(seconds=30))

    @workflow.signal
    def tell(self) -> None:
        self._told = True
