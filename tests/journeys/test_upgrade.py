"""Processes last for weeks, so releases change below them: nobody who uses the system notices one.

A release is replaced by the next under load, role by role, both side by side: every process is changed, a table and an event.
What began before ends afterwards, whichever release its steps come by.
"""

import asyncio
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path

import asyncpg
import httpx2
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from demo.http_api import Api
from demo.story.cast import Person, cast
from demo.story.part1_shop import GROUP, WEBSHOP
from demo.story.part2_applications import Application, application_body
from demo.story.part5_orders import Order, order_body
from demo.story.statuses import wait_for_status
from demo.story.world import World
from faults.beside import Beside
from faults.next_release import NEXT, PATCH, THE_ONE_AFTER
from faults.sources import Change, copy, python_path
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus

import local_stack
from chassis.ids import new_id
from chassis.processes import Temporal
from contracts import catalogue
from contracts.shared.envelope import Envelope
from local_stack import Stack
from local_stack.layout import ROOT, SERVICES, Layout
from tests.conftest import STACK
from tests.journeys.conftest import mails_are_single, shop
from tests.journeys.holding import parked, unpublished
from tests.journeys.people import Company, accept_invitation, company_that_buys, invite, priced
from tests.journeys.sessions import RenewedSessions
from tests.waiting import eventually

UPGRADED = ("identity", "orders")
"""The other two stay: they are older consumers of the added field, to the end."""
PATIENCE = 180.0
"""Seconds; two releases run on one machine."""


def release(folder: Path, changes: Sequence[Change]) -> str:
    """The tree's code with the changes, in a folder of its own: its PYTHONPATH."""
    return python_path(copy(ROOT, folder, changes))


@pytest.fixture
def running(tmp_path) -> Iterator[Stack]:
    """A stack of its own, because it is left with the tables of another release; from a copy of the tree."""
    name = f"{STACK}-upgrade"
    today = {"PYTHONPATH": release(tmp_path / "today", [])}
    try:
        yield local_stack.up(name, split=True, fresh=True, overrides=dict.fromkeys(SERVICES, today))
    finally:
        local_stack.down(name)
        shutil.rmtree(Layout(name).directory)


@dataclass
class Balanced(Api):
    """One service, whose processes take turns. A client repeats what was answered by 503 or by nobody."""

    urls: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.serve(self.base_url)

    def serve(self, *urls: str) -> None:
        self.turns = cycle(urls)

    async def _request(self, method, path, *args) -> httpx2.Response:
        self.base_url = next(self.turns)
        response = await super()._request(method, path, *args)
        if response.status_code >= 500 and response.status_code != 503:
            self.failures.append(f"{response.status_code} {method} {self.base_url}{path}: {response.text[:300]}")
        return response


@dataclass
class Open:
    """One process of each kind, which waits for somebody."""

    application: Application
    invitee: Person
    order: Order


@dataclass
class Business:
    """What people do meanwhile."""

    world: World
    company: Company
    references: dict[str, str] = field(default_factory=dict)
    """Of each order, as its buyer wrote it."""

    async def order(self) -> Order:
        """One that waits for the attester."""
        reference = f"ref-{new_id().hex[-12:]}"
        cart = await priced(self.world, self.company.buyer)
        body = order_body(cart["signed"], "provider") | {"order_reference": reference}
        answer = await self.world.orders.call("POST", "/orders", token=self.company.buyer.token, body=body)
        self.references[answer["order_id"]] = reference
        return Order(answer["order_id"], answer["number"])

    async def attest(self, order: Order) -> None:
        attester = self.company.attester
        await self.world.mailbox.mail(
            attester.person.email, "attestation-requested", about=order.number, within=PATIENCE
        )
        await self.world.orders.call("POST", f"{order.path}/attest", token=attester.token)
        await eventually(lambda: self._is_placed(order), seconds=PATIENCE, what=f"{order.number} placed")

    async def _is_placed(self, order: Order) -> bool:
        return (await self.world.orders.call("GET", order.path, token=self.world.staff))["status"] == "placed"

    async def begin(self) -> Open:
        world, firm = self.world, cast(new_id().hex[-8:]).caterer
        body = application_body(firm, WEBSHOP, with_password=False)
        made = await world.identity.call("POST", "/applications", body=body)
        application = Application(firm, made["application_id"], made["number"], made["company_id"])
        await invite(world, self.company.company_id, self.company.administrator.token, firm.people[1], role="user")
        return Open(application, firm.people[1], await self.order())

    async def finish(self, it: Open) -> None:
        """By the people it waits for; the approval ends in one more invitation, which is accepted too."""
        await self.attest(it.order)
        await accept_invitation(self.world, it.invitee)
        application, terms = it.application, {"price_list": self.world.lists.wholesale, "groups": [GROUP]}
        path = f"/applications/{application.application_id}/approve"
        await self.world.identity.call("POST", path, token=self.world.staff, body=terms)
        await wait_for_status(self.world, application.company_id, "registered")
        await accept_invitation(self.world, application.firm.first)
        await wait_for_status(self.world, application.company_id, "enabled")

    @asynccontextmanager
    async def going_on(self):
        """Orders come in and are attested all the time."""
        over = asyncio.Event()

        async def keep_ordering() -> int:
            done = 0
            while not over.is_set():
                await self.attest(await self.order())
                done += 1
            return done

        working = asyncio.create_task(keep_ordering())
        yield
        over.set()
        assert await working > 0


async def test_a_release_is_replaced_by_the_next_and_nobody_notices(running, tmp_path):
    async with shop(running) as world:
        apis = [Balanced(api.service, api.base_url, api.http) for api in (world.identity, world.orders)]
        world.identity, world.orders = apis
        business = Business(world, await company_that_buys(world))
        before = [await business.begin() for _ in range(5)]
        temporal = await Temporal(running.temporal, running.temporal_namespace).client()
        beside = Beside(running, release(tmp_path / "next", NEXT))
        try:
            async with business.going_on():
                await _expanded(running, beside, business)
                await _consumers_and_relays(running, beside, business, before.pop())
                await _workers(running, beside, business, before.pop(), temporal)
                await _apis(running, beside, business, before.pop(), apis)
            async with business.going_on():
                await business.finish(before.pop())
                await _contracted(running, release(tmp_path / "after", THE_ONE_AFTER))
                await business.finish(await business.begin())
            await business.finish(before.pop())
            await _all_is_well(running, business, temporal, apis)
        finally:
            await beside.stop_all()


async def _expanded(stack: Stack, beside: Beside, business: Business) -> None:
    """A column more, the rows that are there migrated in batches, while the release of today goes on."""
    await beside.migrate("orders")
    assert (
        await _scalar(stack, "SELECT count(*) FROM orders WHERE buyer_reference IS DISTINCT FROM order_reference") == 0
    )
    await business.attest(await business.order())


async def _consumers_and_relays(stack: Stack, beside: Beside, business: Business, it: Open) -> None:
    for role in ("consumer", "relay"):
        await asyncio.gather(*(beside.start(service, role) for service in UPGRADED))
    await business.finish(it)
    for role in ("consumer", "relay"):
        await asyncio.gather(*(asyncio.to_thread(stack.stop, f"{service}-{role}") for service in UPGRADED))


async def _workers(stack: Stack, beside: Beside, business: Business, it: Open, temporal: Client) -> None:
    """The new ones first hold their patches, so that either release can go on with every process."""
    await asyncio.gather(
        *(beside.start(service, "worker", COUNTERSIGN_WORKFLOW_PATCHES="held") for service in UPGRADED)
    )
    begun_by_either = [await business.begin() for _ in range(2)]
    await business.finish(begun_by_either.pop())
    await asyncio.gather(*(beside.stop(service, "worker") for service in UPGRADED))
    await business.finish(begun_by_either.pop())  # the release of today alone
    assert await _patched(temporal) == 0
    await asyncio.gather(
        *(beside.start(service, "worker", COUNTERSIGN_WORKFLOW_PATCHES="held") for service in UPGRADED)
    )
    await asyncio.gather(*(asyncio.to_thread(stack.stop, f"{service}-worker") for service in UPGRADED))
    await asyncio.gather(*(beside.stop(service, "worker") for service in UPGRADED))
    await asyncio.gather(*(beside.start(service, "worker") for service in UPGRADED))
    await business.finish(it)
    assert await _patched(temporal) > 0


async def _apis(stack: Stack, beside: Beside, business: Business, it: Open, apis: list[Balanced]) -> None:
    await asyncio.gather(*(beside.start(service, "api") for service in UPGRADED))
    for api in apis:
        api.serve(api.base_url, beside.url(api.service, "api"))
    await business.finish(it)
    for api in apis:
        api.serve(beside.url(api.service, "api"))
    sessions = business.world.identity.http.auth
    assert isinstance(sessions, RenewedSessions)
    sessions.identity = beside.url("identity", "api")
    await asyncio.gather(*(asyncio.to_thread(stack.stop, f"{service}-api") for service in UPGRADED))


async def _contracted(stack: Stack, python_path: str) -> None:
    """The old column goes, below the release that does not know it any more."""
    await Beside(stack, python_path).migrate("orders")


async def _all_is_well(stack: Stack, business: Business, temporal: Client, apis: list[Balanced]) -> None:
    assert [failure for api in apis for failure in api.failures] == []
    await eventually(lambda: _ended_well(temporal), seconds=PATIENCE, what="every process ended well")
    for service in SERVICES:
        await eventually(partial(_published, stack, service), what=f"{service} published")
        assert await parked(stack, service) == 0
    placed = await _events_without_gaps(stack)
    references = [event["buyer_reference"] for event in placed if "buyer_reference" in event]
    assert 0 < len(references) < len(placed), "both releases published orders placed"
    mails_are_single(business.world)
    rows = await _rows(stack, "SELECT id::text, buyer_reference FROM orders WHERE buyer_reference IS NOT NULL")
    assert dict(rows) == business.references


async def _ended_well(temporal: Client) -> bool:
    """Raises AssertionError for a process that a worker could not go on with, or that ended otherwise."""
    async for one in temporal.list_workflows("WorkflowType != 'Reconcile'"):
        if one.status is WorkflowExecutionStatus.RUNNING:
            return False
        assert one.status is WorkflowExecutionStatus.COMPLETED, one.id
        events = (await temporal.get_workflow_handle(one.id).fetch_history()).events
        failed = [event for event in events if event.event_type is EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED]
        assert failed == [], one.id
    return True


async def _patched(temporal: Client) -> int:
    """Processes that took the changed way."""
    return (await temporal.count_workflows(f"TemporalChangeVersion = '{PATCH}'")).count


async def _published(stack: Stack, service: str) -> bool:
    return await unpublished(stack, service) == 0


async def _events_without_gaps(stack: Stack) -> list[dict]:
    """The bodies of all orders placed; of every key of every event topic the sequences are 1, 2, 3 …"""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        topics = [topic for topic in catalogue.topics() if not topic.compacted]
        places = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(places)
        seen: dict = defaultdict(set)
        placed = []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                for record in batch:
                    envelope = Envelope.from_headers(record.headers)
                    seen[record.topic, record.key].add(envelope.sequence)
                    if envelope.type == "countersign.orders.order.placed.v1":
                        placed.append(json.loads(record.value))
    finally:
        await consumer.stop()
    assert [key for key, numbers in seen.items() if numbers != set(range(1, len(numbers) + 1))] == []
    return placed


async def _rows(stack: Stack, query: str) -> list:
    connection = await asyncpg.connect(f"{stack.postgres.rsplit('/', 1)[0]}/orders")
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def _scalar(stack: Stack, query: str) -> int:
    return (await _rows(stack, query))[0][0]
