"""`reconcile`, every few minutes as a Temporal Schedule: rows and processes are compared, what is missing is started."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)
from temporalio.service import RPCError

from chassis.database import Database
from chassis.processes import Processes, reconcile
from chassis.service import Service

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)


@workflow.defn(name="Reconcile")
class ReconcileWorkflow:
    """One comparison; its result lists the processes that it started."""

    @workflow.run
    async def run(self, service: str) -> list[str]:
        started: list[str] = await workflow.execute_activity(
            f"{service}.reconcile", result_type=list[str], start_to_close_timeout=timedelta(minutes=5)
        )
        return started


@dataclass(frozen=True)
class Reconciliation:
    workflows: Sequence[type]
    activities: Sequence[Callable[..., Awaitable[Any]]]
    service: str

    async def keep_scheduled(self, client: Client) -> None:
        """Sees that the schedule exists, also after the namespace was lost. Until cancelled."""
        while True:
            try:
                await self._schedule(client)
            except RPCError as error:
                log.warning("reconcile is not scheduled, trying again", extra={"error": repr(error)[:300]})
            await asyncio.sleep(EVERY.total_seconds() / 2)

    async def _schedule(self, client: Client) -> None:
        if not self.workflows:
            return
        schedule = Schedule(
            action=ScheduleActionStartWorkflow(
                "Reconcile", self.service, id=f"reconcile/{self.service}", task_queue=self.service
            ),
            spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY)]),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=2)),
        )
        try:
            await client.create_schedule(f"reconcile/{self.service}", schedule)
        except ScheduleAlreadyRunningError:
            return


def reconciliation(service: Service, database: Database, processes: Processes) -> Reconciliation:
    """The parts that a worker registers; none for a service without processes."""
    if not service.reconcilers:
        return Reconciliation((), (), service.name)

    @activity.defn(name=f"{service.name}.reconcile")
    async def run() -> list[str]:
        return await reconcile(database, processes, list(service.reconcilers))

    return Reconciliation((ReconcileWorkflow,), (run,), service.name)
