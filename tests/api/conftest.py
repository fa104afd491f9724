"""One planted installation per session; every test has a copy of it, and may do to it what it likes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from chassis.database import Database
from chassis.ids import new_id
from chassis.namespace import prepare_namespace
from chassis.processes import Processes, Temporal
from local_stack import Stack
from tests.api.installation import SERVICES, Installation, a_key
from tests.api.planting import World, plant
from tests.conftest import url_of
from tests.databases import administer


@dataclass
class Planting:
    merchant: Installation
    world: World
    names: dict[str, str]
    """Of its databases."""
    again: Callable[[], Installation]
    """Another process of it."""


NAMESPACE = "api"
"""Processes that begin here have numbers that those of the whole stack have, too."""


class Databases:
    """Makes installations on copies of databases, and takes them away at the end."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._made: list[str] = []

    async def copied(self, templates: dict[str, str]) -> dict[str, str]:
        """The names of new databases, by service."""
        names = {service: f"api_{service}_{new_id().hex[-10:]}" for service in SERVICES}
        for service, name in names.items():
            await administer(self._stack, f"CREATE DATABASE {name} TEMPLATE {templates[service]}")
            self._made.append(name)
        return names

    def installation(self, names: dict[str, str], master_key: str) -> Installation:
        databases = {name: Database(url_of(self._stack, of), name="test", pool=10) for name, of in names.items()}
        processes = Processes(Temporal(self._stack.temporal, NAMESPACE).client)
        return Installation(databases, processes, master_key)

    async def drop(self) -> None:
        drops = (administer(self._stack, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)") for name in self._made)
        await asyncio.gather(*drops)


@pytest.fixture(scope="session")
async def databases(infrastructure: Stack) -> AsyncIterator[Databases]:
    await prepare_namespace(infrastructure.temporal, NAMESPACE)
    made = Databases(infrastructure)
    yield made
    await made.drop()


@pytest.fixture(scope="session")
async def planted(databases: Databases, templates: Callable[[str], Awaitable[str]]) -> AsyncIterator[Planting]:
    """For tests that change nothing of it."""
    names, key = await databases.copied({service: await templates(service) for service in SERVICES}), a_key()
    merchant = databases.installation(names, key)
    await merchant.begin()
    yield Planting(merchant, await plant(merchant), names, lambda: databases.installation(names, key))
    await merchant.close()


@pytest.fixture
async def copy(databases: Databases, planted: Planting) -> AsyncIterator[Planting]:
    """For one test, which may do to it what it likes."""
    for database in planted.merchant.databases.values():
        await database.engine.dispose()  # a database that is copied has no connections
    names, key = await databases.copied(planted.names), planted.merchant.master_key
    merchant = databases.installation(names, key)
    yield Planting(merchant, planted.world, names, lambda: databases.installation(names, key))
    await merchant.close()
