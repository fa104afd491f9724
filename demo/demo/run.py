"""One run: sets the scene, plays the story, compares, and tells where to look."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console

from demo import timeline
from demo.account import staff_account
from demo.following import Follower, Offsets, differences, end_offsets, leaks
from demo.http_api import Api
from demo.mailbox import Mailbox
from demo.processes import Processes
from demo.progress import ImportProgress
from demo.steps import Part, Step, Story, expect
from demo.story.cast import cast
from demo.story.playing import play
from demo.story.world import World, together
from demo.subscriber.contract import Contract
from demo.wholesale.assortment import Assortment
from local_stack import Stack

LIMITS = httpx2.Limits(keepalive_expiry=2)
"""A server closes idle connections after five seconds; a client that is faster never writes to one that is going."""
PARTS = (
    "1 the merchant opens shop · 2 companies apply · 3 people are invited · 4 the merchant creates a company · "
    "5 orders and who countersigns them · 6 a suspension · 7 the back office · 8 what the subscriber and the operator saw"
)
SHOWN = 12
"""Of a list of faults."""


class Run:
    def __init__(
        self, stack: Stack, folder: Path, contract: Path, assortment: Assortment, console: Console, pace: float
    ) -> None:
        self._stack = stack
        self._folder = folder
        self._contract = contract
        self._assortment = assortment
        self._console = console
        self._pace = pace
        self._story = Story(lambda step: timeline.show_step(console, step))

    async def play(self) -> int:
        """The number of failed steps."""
        topics = Contract.read(self._contract).partitions
        began = await end_offsets(self._stack.kafka, topics)
        follower = await Follower.start(self._stack.kafka, self._contract, self._folder / "subscriber.jsonl")
        try:
            async with AsyncExitStack() as scope:
                http = await scope.enter_async_context(httpx2.AsyncClient(timeout=30, limits=LIMITS))
                world = await self._world(http, scope)
                await self._tell(world)
                await self._compare(world, http, follower, began, topics)
        finally:
            follower.kill()
        return self._story.failed

    @property
    def steps(self) -> int:
        return len(self._story.steps)

    async def _world(self, http: httpx2.AsyncClient, scope: AsyncExitStack) -> World:
        mailbox = Mailbox(self._stack.mail, http)
        await mailbox.open()
        account = staff_account(self._folder)
        run = _base36(int(time.time()))
        apis = {name: Api(name, url, http) for name, url in self._stack.services.items()}
        self._console.print(f"Run {run}: {self._assortment.origin}, {len(self._assortment.articles):,} articles")
        self._console.print(f"{PARTS}\n", style="dim", highlight=False)
        return World(
            run=run,
            story=self._story,
            identity=apis["identity"],
            pricing=apis["pricing"],
            orders=apis["orders"],
            notifications=apis["notifications"],
            mailbox=mailbox,
            processes=Processes(self._stack.temporal_ui, self._stack.temporal_namespace, http),
            assortment=self._assortment,
            cast=cast(run),
            staff_account=account,
            bootstrap_environment=self._stack.environment["identity"],
            folder=self._folder,
            progress=scope.enter_context(ImportProgress(self._console)),
            pace=self._pace,
        )

    async def _tell(self, world: World) -> None:
        """What broke outside of a step becomes a failed step of its own."""
        try:
            await together(play(world))
        except BaseExceptionGroup as broken:
            for error in _leaves(broken):
                if not hasattr(error, "__notes__") and not isinstance(error, asyncio.CancelledError):
                    step = Step("0.00", "demo", "breaks off", "demo", self._story.ended)
                    step.failure = f"{type(error).__name__}: {error}"
                    self._story.ended(step)

    async def _compare(
        self, world: World, http: httpx2.AsyncClient, follower: Follower, began: Offsets, topics: dict[str, int]
    ) -> None:
        """Part 8: the subscriber's record, and the processes."""
        part = self._story.part(8)
        workflows = list(dict.fromkeys(one for step in self._story.steps for one in step.workflows))
        await _tried(_all_processes_ended(part, world, workflows))
        await _tried(self._pages_open(part, http))
        ended = await end_offsets(self._stack.kafka, topics)
        summary = await follower.stop()
        later = await end_offsets(self._stack.kafka, topics)
        records = follower.records()
        places = timeline.places_of(records)
        await _tried(_nothing_was_missed(part, records, (began, ended, later)))
        await _tried(_all_is_valid(part, summary))
        await _tried(_no_personal_data(part, records, world))
        await _tried(_every_claim_was_seen(part, self._story.steps, places))
        self._console.print()
        timeline.show_timeline(self._console, self._story.steps, places)
        self._show_addresses(world, workflows)

    async def _pages_open(self, part: Part, http: httpx2.AsyncClient) -> None:
        async with part.step("reader", "opens the mail page, Temporal's pages and the API documentation", "all"):
            for url in (
                self._stack.mail,
                self._stack.temporal_ui,
                *(f"{one}/docs" for one in self._stack.services.values()),
            ):
                response = await http.get(url, follow_redirects=True)
                expect(response.status_code == 200, f"{url} answers {response.status_code}")

    def _show_addresses(self, world: World, workflows: list[str]) -> None:
        stack, say = self._stack, self._console.print
        say("\nLook at", style="bold")
        say(f"  mails           {stack.mail}", highlight=False)
        for name, url in stack.services.items():
            say(f"  {name:<15} {url}/docs", highlight=False)
        say(f"  processes       {stack.temporal_ui}/namespaces/{stack.temporal_namespace}/workflows", highlight=False)
        for workflow_id in workflows:
            say(f"    {workflow_id:<52} {world.processes.page(workflow_id)}", highlight=False, soft_wrap=True)
        say(f"  events          {self._folder / 'subscriber.jsonl'}\n", highlight=False, soft_wrap=True)


async def _all_processes_ended(part: Part, world: World, workflows: list[str]) -> None:
    async with part.step(
        "operator", "finds every process of the story in Temporal, with how it ended", "temporal"
    ) as step:
        details = ""
        for workflow_id in workflows:
            status = await world.processes.end_of(workflow_id)
            expect(status == "COMPLETED", f"{workflow_id} is {status}")
            details = await world.processes.details(workflow_id)
            named = [word for word in world.cast.personal_words() if word in details]
            expect(not named, f"the details of {workflow_id} name {named}")
        step.note(f"{len(workflows)} processes; the last says “{details}”")


async def _nothing_was_missed(
    part: Part, records: list[dict[str, Any]], offsets: tuple[Offsets, Offsets, Offsets]
) -> None:
    began, ended, _ = offsets
    async with part.step("subscriber", "has recorded exactly what the services published", "kafka") as step:
        wrong = differences(records, *offsets)
        step.note(
            f"{sum(ended.values()) - sum(began.values()):,} records on {len({topic for topic, _ in ended})} topics"
        )
        expect(not wrong, "; ".join(wrong[:SHOWN]))


async def _all_is_valid(part: Part, summary: dict[str, Any]) -> None:
    async with part.step(
        "subscriber", "found headers complete, bodies as the schemas say, sequences without gaps", "kafka"
    ) as step:
        faults = summary["faults"]
        expect(not faults, "; ".join(faults[:SHOWN]))
        step.note(f"{summary['duplicates']} duplicates")


async def _no_personal_data(part: Part, records: list[dict[str, Any]], world: World) -> None:
    async with part.step("subscriber", "holds no name, address or token of the story", "kafka") as step:
        found = leaks(records, world.cast.personal_words() | set(world.secrets))
        expect(not found, "; ".join(found[:SHOWN]))
        step.note(f"{len(world.secrets)} tokens were given out")


async def _every_claim_was_seen(part: Part, steps: list[Step], places: timeline.Places) -> None:
    async with part.step("subscriber", "saw every event that a step of the story led to", "kafka") as step:
        unseen = timeline.missing(steps, places)
        expect(not unseen, "; ".join(unseen[:SHOWN]))
        step.note(f"{sum(len(one.trails) for one in steps)} events")


async def _tried(step: Coroutine[Any, Any, None]) -> None:
    """One of the last steps: the others follow even if it fails."""
    await asyncio.gather(step, return_exceptions=True)


def _leaves(group: BaseException) -> list[BaseException]:
    if isinstance(group, BaseExceptionGroup):
        return [leaf for inner in group.exceptions for leaf in _leaves(inner)]
    return [group]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, last = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[last] + digits
    return digits
