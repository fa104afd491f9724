"""EV-01, EV-02, EV-03: what the contract publishes, events and states, is published by somebody's act, and as it says.

OP-02: some of it by an operator of the Temporal UI.

With COUNTERSIGN_RECORD=1 what was seen becomes the contract's examples.
"""

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pyotp
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from demo.story.part1_shop import GROUP, WEBSHOP
from demo.story.part2_applications import application_body
from demo.story.part5_orders import wait_for_order
from demo.story.sessions import sign_in
from demo.story.statuses import wait_for_status
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from chassis import clock
from chassis.processes import Temporal
from contracts import catalogue
from contracts.identity.processes import account_approval_id
from contracts.identity.topics import COMPANY_STATE
from contracts.publishing.examples import pick
from contracts.publishing.files import keep_examples
from contracts.shared.process import ExtendByOperator
from tests.identity.vat_checks.vies_server import vies_server
from tests.journeys.holding import has_heard
from tests.journeys.people import attest_when_asked, company_that_buys, enabled_company, invite, order
from tests.notifications.scripted_smtp import scripted_server
from tests.waiting import eventually


@pytest.mark.usefixtures("told")
async def test_everything_that_can_be_published_is_published(stack, world):
    temporal = await Temporal(stack.temporal, stack.temporal_namespace).client()
    company = await company_that_buys(world)
    await _applications(world, temporal)
    await _a_vat_number(stack, world, company)
    await _people(world, company)
    await _projects(world, company.administrator)
    await _groups(world)
    await _storefronts(world)
    await _second_factors(world, company)
    await _a_duplicate_is_merged(world, company)
    await _access_requests(stack, world)
    await _orders(stack, world, company, temporal)
    await _prices(stack, world, company)
    await _a_mail_that_is_refused(stack, world, company)

    seen: dict = {}

    async def all_seen():
        seen.update(await _examples(stack))
        return catalogue.events.keys() <= seen.keys()

    with suppress(TimeoutError):
        await eventually(all_seen)
    assert catalogue.events.keys() - seen.keys() == set(), "never published"
    if os.environ.get("COUNTERSIGN_RECORD") == "1":
        keep_examples(seen)


async def _applications(world, temporal) -> None:
    """An operator extends one from the Temporal UI; a reviewer takes it, and takes back what needs a second person."""
    body = application_body(world.cast.brasserie, WEBSHOP, with_password=False)
    two, one = {"second_above_invoice_days": 30}, {"second_above_invoice_days": None}
    async with world.deadlines(world.identity, "approval", two, one, WEBSHOP):
        answer = await world.identity.call("POST", "/applications", body=body)
    path, terms = f"/applications/{answer['application_id']}", {"pays_by_invoice": True, "invoice_days": 60}
    await world.identity.call("POST", f"{path}/take", token=world.staff)
    proposed = await world.identity.call("POST", f"{path}/approve", token=world.staff, body=terms)
    proposal = {"proposal": proposed["proposal"]}
    await world.identity.call("POST", f"{path}/retract", token=world.staff, body=proposal)
    handle = temporal.get_workflow_handle(account_approval_id(answer["number"]))
    act = ExtendByOperator(actor="anna", by=timedelta(days=1))
    await eventually(lambda: _accepted(handle.execute_update("extend", act)), what="the process takes an update")
    await world.identity.call("POST", f"{path}/withdraw", token=world.staff)
    await wait_for_status(world, answer["company_id"], "none")


async def _a_vat_number(stack, world, company) -> None:
    """For a moment the worker knows somebody who knows VAT numbers."""
    async with vies_server() as vies, _other_worker(stack, "identity", COUNTERSIGN_VIES_URL=vies.url):

        async def checked():
            answer = await world.identity.call("GET", f"/companies/{company.company_id}", token=world.staff)
            return answer["vat_check"]

        await eventually(checked, what="the VAT number is checked")


async def _accepted(update) -> bool:
    try:
        await update
    except (RPCError, WorkflowUpdateFailedError):  # the process has not begun, or has not read its row yet
        return False
    return True


async def _people(world, company) -> None:
    extended, person = world.cast.caterer.people[3], company.attester.person
    invitation = await invite(world, company.company_id, company.administrator.token, extended, role="user")
    for act, body in (("extend", {"by": "P2D"}), ("resend", None)):
        path = f"/invitations/{invitation}/{act}"
        await world.identity.call("POST", path, token=company.administrator.token, body=body)
    limit = {"limit_per_order": {"amount": "500.00", "currency": "EUR"}}
    path = f"/members/{company.attester.member_id}"
    await world.identity.call("PATCH", path, token=company.administrator.token, body=limit, if_match='"1"')
    await world.identity.call("POST", "/password-resets", body={"email": person.email})
    await world.mailbox.mail(person.email, "password-reset")
    contact_id = (await world.identity.call("GET", "/me", token=company.attester.token))["member"]["contact_id"]
    contact = await world.identity.call("GET", f"/contacts/{contact_id}", token=world.staff)
    change = {"language": "fr"}
    await world.identity.call("PATCH", f"/contacts/{contact_id}", token=world.staff, body=change, if_match=contact.etag)
    path, token = f"/companies/{company.company_id}/locations", company.administrator.token
    address = {"line1": "Kade 1", "postal_code": "3011 AA", "city": "Rotterdam", "country": "NL"}
    depot = {"code": "depot", "name": "Depot", "address": address}
    location = f"/locations/{(await world.identity.call('POST', path, token=token, body=depot))['location_id']}"
    await world.identity.call("PATCH", location, token=token, body={"name": "Large depot"}, if_match='"1"')
    await world.identity.call("POST", f"{location}/close", token=token)
    guest = {"name": extended.name, "email": extended.email, "language": "nl", "groups": [GROUP]}
    guest_id = (await world.identity.call("POST", "/contacts", token=world.staff, body=guest))["contact_id"]
    await world.identity.call("POST", f"/contacts/{guest_id}/erase", token=world.staff)


async def _projects(world, administrator) -> None:
    body = {"code": "canteen", "name": "The new canteen"}
    path = f"/companies/{administrator.company_id}/projects"
    project = (
        f"/projects/{(await world.identity.call('POST', path, token=administrator.token, body=body))['project_id']}"
    )
    await world.identity.call(
        "PATCH", project, token=administrator.token, body={"valid_until": "2030-12-31"}, if_match='"1"'
    )
    await world.identity.call("POST", f"{project}/close", token=administrator.token)


async def _groups(world) -> None:
    bakeries = {"code": f"bakeries-{world.run}", "names": {"en": "Bakeries"}}
    await world.identity.call("POST", "/groups", token=world.staff, body=bakeries)
    path = f"/groups/{bakeries['code']}"
    await world.identity.call("PATCH", path, token=world.staff, body={"pays_by_invoice": True}, if_match='"1"')
    await world.identity.call("DELETE", path, token=world.staff)


async def _storefronts(world) -> None:
    outlet = {"code": f"outlet-{world.run}", "name": "The outlet", "access": "closed"}
    await world.identity.call("POST", "/storefronts", token=world.staff, body=outlet)
    path = f"/storefronts/{outlet['code']}"
    await world.identity.call("PATCH", path, token=world.staff, body={"catalogues": ["leftovers"]}, if_match='"1"')


async def _second_factors(world, company) -> None:
    """A member's and a colleague's of the staff: with a first code, and away again with a recovery code. He then moves on,
    leaves, and is erased."""
    person = company.attester.person
    token = company.attester.token
    await _second_factor(world, token, person.password)
    change = {"current_password": person.password, "password": f"{person.password} once more"}
    await world.identity.call("POST", "/password", token=token, body=change)
    for mail in ("second-factor-enabled", "second-factor-removed", "password-changed"):
        await world.mailbox.mail(person.email, mail)
    colleague = {"name": "Joost Vos", "email": f"joost-{world.run}@example.com", "password": person.password}
    body = {**colleague, "role": "administrator"}
    added = await world.identity.call("POST", "/staff", token=world.staff, body=body)
    body = {"kind": "staff", "email": colleague["email"], "password": person.password}
    signed_in = await world.identity.call("POST", "/sessions", body=body)
    await _second_factor(world, signed_in["access_token"], person.password)
    await world.identity.call("POST", "/password", token=signed_in["access_token"], body=change)
    await world.mailbox.mail(colleague["email"], "password-changed")
    path, other = f"/staff/{added['staff_id']}", {"role": "representative", "representative": "joost"}
    await world.identity.call("PUT", f"{path}/terms", token=world.staff, body=other, if_match="*")
    await world.identity.call("POST", f"{path}/deactivate", token=world.staff)
    await world.identity.call("POST", f"{path}/reactivate", token=world.staff)
    await world.identity.call("POST", f"{path}/password-link", token=world.staff)
    await world.identity.call("POST", f"{path}/deactivate", token=world.staff)
    await world.identity.call("POST", f"{path}/erase", token=world.staff)


async def _access_requests(stack, world) -> None:
    """One is granted, one refused; then their time is over."""
    path = "/access-requests"
    asked = {"name": "Noor Smit", "organisation": "Bureau Smit", "wanted_role": "Texts", "reason": "We write for you"}
    decided = {"grant": {"role": "representative"}, "refuse": {"reason": "not_needed"}}
    for what in decided:
        body = {**asked, "email": f"{what}-{world.run}@example.com", "language": "nl"}
        await world.identity.call("POST", path, body=body)
    listed = await world.identity.call("GET", path, token=world.staff, query={"status": "open"})
    for request in listed["items"]:
        what = request["email"].partition("-")[0]
        await world.identity.call("POST", f"{path}/{request['id']}/{what}", token=world.staff, body=decided[what])
    policy = "/policies/access-request"
    read = await world.identity.call("GET", policy, token=world.staff)
    await world.identity.call("PUT", policy, token=world.staff, body={"kept_for": "PT0.1S"}, if_match=read.etag)
    await _run(stack, "identity", "migrate")  # which does what comes due
    await world.identity.call("PUT", policy, token=world.staff, body=read.body, if_match='"1"')


async def _second_factor(world, token: str, password: str) -> None:
    begun = await world.identity.call("POST", "/second-factor", token=token, body={"password": password})
    device = pyotp.parse_uri(begun["otpauth_uri"])
    assert isinstance(device, pyotp.TOTP)
    first = {"code": device.at(clock.now())}
    confirmed = await world.identity.call("POST", "/second-factor/confirm", token=token, body=first)
    body = {"password": password, "code": confirmed["recovery_codes"][0]}
    await world.identity.call("POST", "/second-factor/remove", token=token, body=body)


async def _a_duplicate_is_merged(world, company) -> None:
    """ID-26: the firm's twin becomes the firm; who ordered there signs in again, and finds his order here."""
    member = await enabled_company(world, world.cast.twin)
    placed = await order(world, member)
    path, into = f"/companies/{member.company_id}/merge", {"into": company.company_id}
    seen = await world.identity.call("GET", path, token=world.staff, query=into)
    assert [one["fate"] for one in seen["members"]] == ["moves"]
    merged = await world.identity.call("POST", path, token=world.staff, body={**into, "price_lists": "move"})
    assert merged["merged_into"] == company.company_id
    member = await sign_in(world, world.cast.twin.first, company.company_id)

    async def found():
        answer = await world.orders.send("GET", "/orders", token=member.token, query={"scope": "own"})
        return answer.status == 200 and [one["order_id"] for one in answer["items"]] == [placed.order_id]

    await eventually(found, what="his order is found in the company that remains")


async def _orders(stack, world, company, temporal) -> None:
    withdrawn = await order(world, company.buyer)
    handle = temporal.get_workflow_handle(withdrawn.process)
    act = ExtendByOperator(actor="anna", by=timedelta(hours=1))
    await eventually(lambda: _accepted(handle.execute_update("extend", act)), what="the process takes an update")
    await world.orders.call("POST", f"{withdrawn.path}/withdraw", token=company.buyer.token)
    placed = await order(world, company.buyer)
    await attest_when_asked(world, company.attester, placed)
    await world.orders.call("POST", f"{placed.path}/cancel", token=world.staff, body={"reason": "out-of-stock"})
    refused = await order(world, company.buyer, payment="invoice")
    record = await world.identity.call("GET", f"/companies/{company.company_id}", token=world.staff)
    await world.identity.call(
        "PATCH",
        f"/companies/{company.company_id}",
        token=world.staff,
        body={"pays_by_invoice": False},
        if_match=record.etag,
    )
    await eventually(lambda: has_heard(stack, "orders", "identity", COMPANY_STATE), what="orders knows")
    await attest_when_asked(world, company.attester, refused, ends="refused")
    await wait_for_order(world, refused, "refused")
    await world.identity.call("DELETE", f"/members/{company.buyer.member_id}", token=company.administrator.token)


async def _prices(stack, world, company) -> None:
    line = world.assortment.cart[0]
    article = await world.pricing.call("GET", f"/articles/{line.article}", token=world.staff)
    changed = {name: value for name, value in article.body.items() if name != "code"} | {"weight_grams": 1}
    path = f"/articles/{line.article}"
    await world.pricing.call("PUT", path, token=world.staff, body=changed, if_match=article.etag)
    lapsing = f"lapsing-{world.run}"
    body = {"currency": "EUR", "valid_until": None}
    await world.pricing.call("PUT", f"/price-lists/{lapsing}", token=world.staff, body=body)
    group = {"assignee_kind": "group", "assignee": f"group-{world.run}", "price_list": lapsing}
    await world.pricing.call("POST", "/terms", token=world.staff, body=group)
    until = clock.now() + timedelta(seconds=2)
    body = {"currency": "EUR", "valid_until": until.isoformat()}
    await world.pricing.call("PUT", f"/price-lists/{lapsing}", token=world.staff, body=body, if_match='"1"')
    own = f"/terms/company/{company.company_id}/{world.lists.wholesale}"
    await world.pricing.call("DELETE", own, token=world.staff)
    await eventually(lambda: _passed(until), what="the list has lapsed")
    await _run(stack, "pricing", "migrate")  # which does what comes due


async def _passed(moment) -> bool:
    return clock.now() > moment


async def _run(stack, service: str, *words: str) -> None:
    environment = {**os.environ, **stack.environment[service]}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", service, *words, env=environment)
    assert await process.wait() == 0


async def _a_mail_that_is_refused(stack, world, company) -> None:
    """For a moment the mails go to a server that knows nobody."""
    person = company.administrator.person
    async with (
        scripted_server() as server,
        _other_worker(stack, "notifications", COUNTERSIGN_SMTP=f"127.0.0.1:{server.port}"),
    ):
        server.refuse[person.email] = "550 5.1.1 no such user"
        await world.identity.call("POST", "/password-resets", body={"email": person.email})

        async def failed():
            query = {"template": "password-reset", "status": "failed"}
            answer = await world.notifications.call("GET", "/deliveries", token=world.staff, query=query)
            return answer["items"]

        await eventually(failed, what="the refused mail is in the delivery log")


@asynccontextmanager
async def _other_worker(stack, service: str, **settings: str):
    """A worker with other settings, instead of the usual one."""
    stack.stop(f"{service}-worker")
    environment = {**os.environ, **stack.environment[service], "COUNTERSIGN_HTTP_PORT": "0", **settings}
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", service, "worker", env=environment)
    try:
        yield
    finally:
        worker.send_signal(signal.SIGTERM)
        await worker.wait()
        stack.start(f"{service}-worker")


async def _examples(stack) -> dict:
    """One record per type, of all that stands on Kafka, the closed topic included."""
    places = [TopicPartition(topic.name, number) for topic in catalogue.topics() for number in range(topic.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka, enable_auto_commit=False)
    await consumer.start()
    lines: list[str] = []
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                lines += [_line(record) for record in batch]
    finally:
        await consumer.stop()
    return pick(lines)


def _line(record) -> str:
    value = None if record.value is None else json.loads(record.value)
    headers = {name: content.decode() for name, content in record.headers}
    return json.dumps(
        {"topic": record.topic, "partition": record.partition, "offset": record.offset,
         "key": record.key.decode(), "headers": headers, "value": value}
    )  # fmt: skip
