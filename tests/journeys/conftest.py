"""A shop that is open, on the whole real stack, driven through the public APIs alone."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
import pytest
from demo.account import staff_account
from demo.http_api import Api
from demo.mailbox import Mailbox
from demo.processes import Processes
from demo.progress import ImportProgress
from demo.run import LIMITS
from demo.steps import Step, Story
from demo.story.cast import cast
from demo.story.part1_shop import fill_shelves, open_shop
from demo.story.world import World
from demo.wholesale.invented import invented_assortment
from rich.console import Console

from chassis.ids import new_id
from local_stack import Stack
from tests.journeys.sessions import RenewedSessions
from tests.journeys.telling import ROOT, tell
from tests.journeys.trading import Trade, open_trade


def no_failure(step: Step) -> None:
    assert not step.failure, f"{step.number} {step.who}: {step.what}: {step.failure}"


@asynccontextmanager
async def shop(stack: Stack) -> AsyncIterator[World]:
    """The merchant's, with its articles and prices."""
    auth = RenewedSessions(stack.services["identity"])
    async with httpx2.AsyncClient(timeout=60, limits=LIMITS, auth=auth) as http:
        apis = {name: Api(name, url, http) for name, url in stack.services.items()}
        mailbox = Mailbox(stack.mail, http)
        await mailbox.open()
        run = new_id().hex[-8:]
        account = staff_account(ROOT / ".local" / stack.name)  # the story's own, so that both can be told on one stack
        world = World(
            run=run,
            story=Story(no_failure),
            identity=apis["identity"],
            pricing=apis["pricing"],
            orders=apis["orders"],
            notifications=apis["notifications"],
            mailbox=mailbox,
            processes=Processes(stack.temporal_ui, stack.temporal_namespace, http),
            assortment=invented_assortment(),
            cast=cast(run),
            staff_account=account,
            bootstrap_environment=stack.environment["identity"],
            folder=ROOT,
            progress=ImportProgress(Console(quiet=True)),
        )
        part = world.story.part(1)
        await open_shop(world, part)
        await fill_shelves(world, part)
        yield world


@pytest.fixture(scope="session")
async def opened(stack: Stack) -> AsyncIterator[World]:
    """One shop for all journeys."""
    async with shop(stack) as world:
        yield world


@pytest.fixture(scope="session")
async def told(stack: Stack, opened: World) -> str:
    """What the story said when it was told in a shop that was open already; once, for all who need what it leaves behind."""
    return await tell(stack)


@pytest.fixture
async def world(opened: World) -> World:
    """The open shop with people of its own for this journey."""
    run = new_id().hex[-8:]
    known = opened.staff_account
    body = {"kind": "staff", "email": known.email, "password": known.password}
    opened.staff = (await opened.identity.call("POST", "/sessions", body=body))["access_token"]
    opened.run, opened.cast = run, cast(run)
    return opened


@pytest.fixture(scope="session")
async def trade(stack: Stack, opened: World) -> Trade:
    """Two companies of the open shop that order, for all tests of what they must not."""
    run = new_id().hex[-8:]
    return await open_trade(stack, replace(opened, run=run, cast=cast(run)))


def mails_are_single(world: World) -> None:
    """Each Message-ID once."""
    repeated = [one for one, many in Counter(mail.message_id for mail in world.mailbox.mails).items() if many > 1]
    assert repeated == []
