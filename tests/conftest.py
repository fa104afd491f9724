"""Real parts for tests: the stack `test` of this checkout, and a fresh database per test that asks for one."""

import asyncio
import importlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, settings

import local_stack
from chassis.database import Database
from chassis.housekeeping import keep_house
from chassis.ids import new_id
from chassis.migrations import migrate
from chassis.namespace import prepare_namespace
from chassis.service import Service
from local_stack import Stack
from tests.databases import Clones, administer

STACK = os.environ.get("COUNTERSIGN_TEST_STACK", "test")
NewDatabase = Callable[[str], Awaitable[Database]]

# Property tests are not timed: on a busy machine a single example may take long.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def _up(*, infra_only: bool = False, split: bool = False, fresh: bool = False) -> Stack:
    """A stack that does not come up ends the run with the sentence that says why, not with an error for every test."""
    try:
        return local_stack.up(STACK, infra_only=infra_only, split=split, fresh=fresh)
    except local_stack.StackError as error:
        pytest.exit(str(error), returncode=1)


@pytest.fixture(scope="session")
def infrastructure() -> Iterator[Stack]:
    """PostgreSQL, Kafka, Temporal and a mail sink, without the services. Left running only if it was running before."""
    try:
        found, ran_before = local_stack.load(STACK), True
    except local_stack.StackError:
        found, ran_before = _up(infra_only=True, fresh=True), False
    asyncio.run(prepare_namespace(found.temporal, found.temporal_namespace))
    yield found
    if not ran_before:
        local_stack.down(STACK)


@pytest.fixture(scope="session")
def stack(infrastructure: Stack) -> Stack:
    """The whole local stack, each role of each service a process of its own."""
    return _up(split=True)


def service(name: str) -> Service:
    """The composition root of a service, by its name."""
    found = importlib.import_module(f"{name}.app").service
    assert isinstance(found, Service)
    return found


def _plain(name: str) -> str:
    return name.rpartition(".")[2]


def url_of(stack: Stack, database: str) -> str:
    base = stack.postgres.replace("postgresql://", "postgresql+asyncpg://")
    return f"{base.rsplit('/', 1)[0]}/{database}"


@pytest.fixture(scope="session")
async def templates(infrastructure: Stack) -> AsyncIterator[Callable[[str], Awaitable[str]]]:
    """The name of a migrated database per service, made at its first use, for cloning."""
    made: dict[str, str] = {}

    async def template(name: str) -> str:
        if name not in made:
            made[name] = f"template_{_plain(name)}_{new_id().hex[-8:]}"
            await administer(infrastructure, f"CREATE DATABASE {made[name]}")
            database = Database(url_of(infrastructure, made[name]), name="test", pool=2)
            await migrate(database.engine, service(name).migrations)
            await keep_house(database)
            await database.close()
        return made[name]

    yield template
    for one in made.values():
        await administer(infrastructure, f"DROP DATABASE IF EXISTS {one} WITH (FORCE)")


@pytest.fixture(scope="session")
async def clones(infrastructure: Stack) -> AsyncIterator[Clones]:
    found = Clones(infrastructure)
    yield found
    await found.drop()


@pytest.fixture
async def new_database(
    infrastructure: Stack, templates: Callable[[str], Awaitable[str]], clones: Clones
) -> AsyncIterator[NewDatabase]:
    """`await new_database("orders")` is an empty, migrated database of that service, for this test alone."""
    async with AsyncExitStack() as cleaning:

        async def new(name: str) -> Database:
            template = await templates(name)
            clone = await clones.take(template)
            cleaning.push_async_callback(clones.give_back, template, clone)
            database = Database(url_of(infrastructure, clone), name="test", pool=10)
            cleaning.push_async_callback(database.close)
            return database

        yield new
