"""Each service's relay, consumer and worker dies once, by SIGKILL, in the middle of a story; the story ends right.

At each kill the test sees that it hurts: a row that is not published, a batch that is not committed, an activity that is
not completed.
"""

import signal
from contextlib import asynccontextmanager

import pytest
from demo.story.cast import MERCHANT_MAILBOX
from demo.story.part1_shop import GROUP, WEBSHOP
from demo.story.part2_applications import Application, application_body
from demo.story.sessions import sign_in
from demo.story.statuses import wait_for_status

from chassis.processes import Temporal
from contracts.identity import topics as identity_topics
from contracts.orders import topics as orders_topics
from tests.journeys.conftest import mails_are_single
from tests.journeys.holding import being_sent, kill, locked, parked, running_activities, uncommitted, unpublished
from tests.journeys.people import Company, accept_invitation, attest_when_asked, invite, order
from tests.waiting import eventually

CONSUMER_TABLE = "parked_events"
"""Looked at by every batch before anything else."""


@asynccontextmanager
async def dying_relay(stack, service: str):
    """What happens inside is committed and not published; then the relay dies."""
    process = f"{service}-relay"
    stack.kill(process, signal.SIGSTOP)
    yield
    await eventually(lambda: unpublished(stack, service), what=f"an event of {service} to publish")
    await kill(stack, process)


@asynccontextmanager
async def dying_consumer(stack, service: str, topic):
    """What happens inside is published and neither handled nor committed, with a batch in hand; then the consumer dies."""
    async with locked(stack, service, CONSUMER_TABLE) as waiting:

        async def in_hand() -> bool:
            return await uncommitted(stack, service, topic) > 0 and await waiting() > 0

        yield
        await eventually(in_hand, what=f"a batch of {service} in hand, and {topic.name} not committed")
        await kill(stack, f"{service}-consumer")


@asynccontextmanager
async def dying_worker(stack, service: str, table: str):
    """What happens inside waits for a worker, which begins its step, can not end it, and dies."""
    process = f"{service}-worker"
    stack.kill(process, signal.SIGSTOP)
    yield
    async with locked(stack, service, table) as waiting:
        stack.kill(process, signal.SIGCONT)
        await eventually(waiting, what=f"a step of {service} in hand")
        await kill(stack, process)


@pytest.fixture
async def temporal(stack):
    return await Temporal(stack.temporal, stack.temporal_namespace).client()


async def test_every_relay_consumer_and_worker_dies_once_and_the_story_ends_right(stack, world, temporal):
    application = await _applied_while_identity_dies(stack, world)
    await _answered_while_mails_die(stack, world, temporal, application)
    await _approved_while_pricing_dies(stack, world, temporal, application)
    company = await _invited_while_identity_dies(stack, world, application)
    await _ordered_while_orders_dies(stack, world, company)
    await _suspended_while_notifications_dies(stack, world, company)
    mails_are_single(world)
    for service in ("identity", "pricing", "orders", "notifications"):
        await eventually(lambda name=service: _drained(stack, name), what=f"{service} drained")


async def _drained(stack, service: str) -> bool:
    return await unpublished(stack, service) == 0 and await parked(stack, service) == 0


async def _applied_while_identity_dies(stack, world) -> Application:
    firm = world.cast.caterer
    async with dying_relay(stack, "identity"):
        body = application_body(firm, WEBSHOP, with_password=False)
        answer = await world.identity.call("POST", "/applications", body=body)
    application = Application(firm, answer["application_id"], answer["number"], answer["company_id"])
    await world.mailbox.mail(MERCHANT_MAILBOX, "application-received-merchant", about=application.number)
    async with dying_consumer(stack, "identity", identity_topics.APPLICATION):
        path = f"/applications/{application.application_id}/questions"
        await world.identity.call("POST", path, token=world.staff, body={"text": "What do you sell?"})
    return application


async def _runs(temporal, application: Application, activity: str) -> bool:
    return activity in await running_activities(temporal, application.process)


async def _none_being_sent(stack, process: str) -> bool:
    """One that is would be sent again after the kill."""
    return await being_sent(stack, process) == 0


async def _answered_while_mails_die(stack, world, temporal, application: Application) -> None:
    mail = await world.mailbox.mail(application.firm.first.email, "application-question")
    await eventually(lambda: _none_being_sent(stack, application.process), what="every mail sent so far is known to be")
    stack.kill("mail", signal.SIGSTOP)
    try:
        path = f"/application-questions/{mail.token('answer')}/answer"
        await world.identity.call("POST", path, body={"text": "Bread."})
        await eventually(
            lambda: _runs(temporal, application, "notifications.send_mail"), what="a mail that the server does not take"
        )
        await kill(stack, "notifications-worker")
    finally:
        stack.kill("mail", signal.SIGCONT)
    await world.mailbox.mail(MERCHANT_MAILBOX, "application-answered-merchant", about=application.number)


async def _approved_while_pricing_dies(stack, world, temporal, application: Application) -> None:
    terms = {"price_list": world.lists.wholesale, "groups": [GROUP], "pays_by_invoice": True}
    async with locked(stack, "pricing", "assigned_lists"):
        path = f"/applications/{application.application_id}/approve"
        await world.identity.call("POST", path, token=world.staff, body=terms)
        await eventually(
            lambda: _runs(temporal, application, "pricing.give_terms"), what="terms that can not be given yet"
        )
        await kill(stack, "pricing-worker")
    await wait_for_status(world, application.company_id, "registered")
    async with dying_relay(stack, "pricing"):
        body = {"currency": "EUR", "base": False}
        await world.pricing.call("PUT", f"/price-lists/of-{world.run}", token=world.staff, body=body)
    async with dying_consumer(stack, "pricing", identity_topics.COMPANY_STATE):
        await accept_invitation(world, application.firm.first)


async def _invited_while_identity_dies(stack, world, application: Application) -> Company:
    first, buyer, attester, *_ = application.firm.people
    company_id = application.company_id
    administrator = await sign_in(world, first, company_id)
    async with dying_worker(stack, "identity", "invitations"):
        await invite(world, company_id, administrator.token, buyer, role="user", always_attested=True)
    permissions = ["see_all_orders", "attest_orders"]
    await invite(world, company_id, administrator.token, attester, role="employee", permissions=permissions)
    members = []
    for person in (buyer, attester):
        await accept_invitation(world, person)
        members.append(await sign_in(world, person, company_id))
    return Company(company_id, administrator, *members)


async def _ordered_while_orders_dies(stack, world, company: Company) -> None:
    async with dying_relay(stack, "orders"):
        first = await order(world, company.buyer)
    await attest_when_asked(world, company.attester, first)
    async with dying_consumer(stack, "orders", orders_topics.ORDER):
        second = await order(world, company.buyer)
    await attest_when_asked(world, company.attester, second)
    async with dying_worker(stack, "orders", "orders"):
        third = await order(world, company.buyer)
    await attest_when_asked(world, company.attester, third)


async def _suspended_while_notifications_dies(stack, world, company: Company) -> None:
    address, path = company.administrator.person.email, f"/companies/{company.company_id}"
    async with dying_relay(stack, "notifications"):
        await world.identity.call("POST", f"{path}/suspend", token=world.staff, body={"reason": "Unpaid"})
        await world.mailbox.mail(address, "company-suspended")
    async with dying_consumer(stack, "notifications", identity_topics.COMPANY):
        await world.identity.call("POST", f"{path}/reactivate", token=world.staff)
    await world.mailbox.mail(address, "company-reactivated")
