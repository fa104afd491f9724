"""Every branch of the order attestation process, with time skipped. The row is a real order; only database and mail are faked."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowUpdateFailedError
from temporalio.common import TypedSearchAttributes
from temporalio.exceptions import ApplicationError

from chassis.errors import DomainError
from contracts.notifications.activities import SendMail, Sent, Template, send_mail
from contracts.orders import activities as stubs
from contracts.orders.processes import (
    ORDER_ATTESTATION,
    DecideByOperator,
    StartOrderAttestation,
    order_attestation_id,
)
from contracts.orders.values import AskedOf, OrderStatus
from contracts.shared.process import ROW_CHANGED, ExtendByOperator, RemindByOperator, RowChanged, WithdrawByOperator
from orders.attestation.attesters import Merchant
from orders.attestation.queries import attestation_process, attestation_row
from orders.attestation.workflows import OrderAttestationWorkflow
from orders.orders.models import Order
from orders.policies import AttestationPolicy
from orders.refusal import Refusal
from tests.orders.samples import ALWAYS, a_buyer, a_company, an_administrator, an_attester, an_order
from tests.processes import Fake, TimeSkipping, fake, record_history
from tests.waiting import eventually

S, T = OrderStatus, Template
COMPANY = a_company()
BUYER = a_buyer(COMPANY)
ATTESTER, ADMINISTRATOR = an_attester(COMPANY), an_administrator(COMPANY)
PEOPLE: list[Any] = [BUYER.member, ATTESTER, ADMINISTRATOR]
POLICY = AttestationPolicy()
ASKED = [(T.ATTESTATION_REQUESTED, "1/asked")]
LONGEST = 10
"""History events of an attested order with one attester and no reminder. Workflow tasks are left out: a busy machine needs
more of them."""


class Service:
    """Orders and notifications as the process sees them: the same moves on the same model, without a database."""

    def __init__(self, time_skipping: TimeSkipping, order: Order) -> None:
        self.time_skipping = time_skipping
        self.order = order
        self.mails: list[SendMail] = []
        self.actors: list[str | None] = []
        self.members = list(PEOPLE)
        self.refusal: Refusal | None = None
        self.mail_server_is_up = True
        self.reads = 0
        self.handle: Any = None

    def fakes(self) -> list[Fake]:
        o = self.order
        return [
            self._step(stubs.read_attestation, lambda c, at: self._count()),
            self._step(stubs.record_attestation_reminder, lambda c, at: o.remind(c.step, c.so_far, at)),
            self._step(stubs.escalate_attestation, lambda c, at: o.escalate(c.step, c.due, self.members, at)),
            self._step(stubs.expire_attestation, lambda c, at: o.expire(c.due, at)),
            self._step(stubs.extend_attestation, lambda c, at: o.extend(c.by, c.due)),
            self._step(stubs.withdraw_order, lambda c, at: o.withdraw(at)),
            self._step(stubs.decide_attestation, lambda c, at: self._decide(c, at)),
            self._step(stubs.place_order, lambda c, at: self._place(at)),
            fake(send_mail, self._send),
        ]

    def _count(self) -> None:
        self.reads += 1

    def _step(self, stub: Any, act: Callable[[Any, datetime], None]) -> Fake:
        async def answer(command: Any) -> stubs.AttestationRow:
            if actor := getattr(command, "actor", None):
                self.actors.append(actor)
            with suppress(DomainError):
                act(command, await self.time_skipping.now())
            return attestation_row(self.order)

        return fake(stub, answer)

    def _decide(self, command: stubs.DecideAttestation, at: datetime) -> None:
        if command.decision == "attest":
            self.order.attest(by=Merchant(), at=at)
        else:
            self.order.decline(by=Merchant(), comment=command.reason or "", at=at)

    def _place(self, at: datetime) -> None:
        if self.refusal:
            self.order.refuse(self.refusal, at)
        elif self.order.status is S.ATTESTED:
            self.order.place(at)

    def _send(self, mail: SendMail) -> Sent:
        if not self.mail_server_is_up:
            raise ApplicationError("connection refused", type="smtp-away")
        if mail not in self.mails:
            self.mails.append(mail)
        return Sent()

    async def decided(self, act: Callable[[Order, datetime], None]) -> None:
        """A command over HTTP, whose event reaches the process as a signal."""
        act(self.order, await self.time_skipping.now())
        await self.tell()

    async def tell(self) -> None:
        await self.handle.signal(ROW_CHANGED, RowChanged(sequence=self.order.sequence, status=self.order.status))

    async def searchable(self) -> dict[str, Any]:
        described = await self.handle.describe()
        return {pair.key.name: pair.value for pair in described.typed_search_attributes}

    def sent(self) -> list[tuple[str, str]]:
        """Template and the part of the notification id after the order's number."""
        return [(mail.template, mail.notification.partition("O-000001/")[2]) for mail in self.mails]


@asynccontextmanager
async def attestation(
    time_skipping: TimeSkipping, *, policy: AttestationPolicy = POLICY, people: list[Any] | None = None
) -> AsyncIterator[Service]:
    at = await time_skipping.now()
    order = an_order(BUYER)
    members = PEOPLE if people is None else people
    order.request_attestation(ALWAYS, policy, members, at)
    service = Service(time_skipping, order)
    service.members = list(members)
    async with time_skipping.running(OrderAttestationWorkflow, "orders", service.fakes()) as client:
        process = attestation_process(order, attestation_row(order))
        service.handle = await client.start_workflow(
            process.workflow,
            process.argument,
            id=process.id,
            task_queue="orders",
            search_attributes=TypedSearchAttributes(list(process.searchable)),
        )
        yield service


async def mails(service, count):
    """Waits for mails; the clock of the test server does not move meanwhile."""

    async def sent() -> bool:
        return len(service.mails) >= count

    await eventually(sent)


async def test_attested_and_placed_in_few_events(time_skipping):
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        await service.decided(lambda order, at: order.attest(by=ATTESTER, at=at))
        assert await service.handle.result() == "placed"
        assert service.sent() == ASKED
        assert service.mails[0].contacts == (ATTESTER.contact_id,)
        assert service.mails[0].parameters["total"] == "12.10 EUR"
        history = await service.handle.fetch_history()
        names = [EventType.Name(event.event_type) for event in history.events]
        assert len([name for name in names if "_WORKFLOW_TASK_" not in name]) <= LONGEST
        await record_history(service.handle, "order-attestation", "attested")


async def test_declined(time_skipping):
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        await service.decided(lambda order, at: order.decline(by=ATTESTER, comment="too dear", at=at))
        assert await service.handle.result() == "declined"
        assert service.sent() == ASKED
        assert "too dear" not in str(await service.handle.fetch_history())
        await record_history(service.handle, "order-attestation", "declined")


async def test_reminded_escalated_twice_and_expired(time_skipping):
    async with attestation(time_skipping) as service:
        assert await service.handle.result() == "expired"
        assert service.order.status is S.EXPIRED
        assert service.sent() == [
            (T.ATTESTATION_REQUESTED, "1/asked"),
            (T.ATTESTATION_REMINDER, "1/reminder-1"),
            (T.ATTESTATION_ESCALATED, "2/asked"),
            (T.ATTESTATION_REMINDER, "2/reminder-1"),
            (T.ATTESTATION_ESCALATED_MERCHANT, "3/asked"),
        ]
        assert service.mails[2].contacts == (ADMINISTRATOR.contact_id,)
        assert service.mails[4].contacts == ()
        await record_history(service.handle, "order-attestation", "expired")


async def test_refused_at_placement(time_skipping):
    async with attestation(time_skipping) as service:
        service.refusal = Refusal("customer-disabled", "")
        await mails(service, 1)
        await service.decided(lambda order, at: order.attest(by=ATTESTER, at=at))
        assert await service.handle.result() == "refused"
        await record_history(service.handle, "order-attestation", "refused")


async def test_withdrawn_by_its_submitter(time_skipping):
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        await service.decided(lambda order, at: order.withdraw(at))
        assert await service.handle.result() == "withdrawn"
        await record_history(service.handle, "order-attestation", "withdrawn")


async def test_cancelled_by_the_merchant(time_skipping):
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        await service.decided(lambda order, at: order.cancel("out-of-stock", at))
        assert await service.handle.result() == "cancelled"
        assert service.sent() == ASKED
        await record_history(service.handle, "order-attestation", "cancelled")


async def test_an_order_that_is_decided_already_only_ends(time_skipping):
    """Started late by `reconcile`: the first step reads the row."""
    at = await time_skipping.now()
    order = an_order(BUYER)
    order.request_attestation(ALWAYS, POLICY, PEOPLE, at)
    order.attest(by=ATTESTER, at=at)
    service = Service(time_skipping, order)
    async with time_skipping.running(OrderAttestationWorkflow, "orders", service.fakes()) as client:
        handle = await client.start_workflow(
            ORDER_ATTESTATION,
            StartOrderAttestation(order_id=order.id, number=order.number, company_number=order.company_number),
            id=order_attestation_id(order.number),
            task_queue="orders",
        )
        assert await handle.result() == "placed"
        assert service.sent() == []
        await record_history(handle, "order-attestation", "late-start")


async def test_the_merchant_decides_when_nobody_in_the_company_can(time_skipping):
    async with attestation(time_skipping, people=[BUYER.member]) as service:
        await mails(service, 1)
        assert service.sent() == [(T.ATTESTATION_ESCALATED_MERCHANT, "1/asked")]
        await service.decided(lambda order, at: order.attest(by=Merchant(), at=at))
        assert await service.handle.result() == "placed"
        await record_history(service.handle, "order-attestation", "merchant")


async def test_a_timer_that_loses_against_the_decision_obeys_it(time_skipping):
    """The company decides, and the signal has not arrived when the order would expire."""
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        service.order.attest(by=ATTESTER, at=await time_skipping.now())
        assert await service.handle.result() == "placed"
        assert service.order.status is S.PLACED
        await record_history(service.handle, "order-attestation", "timer-against-decision")


async def test_echoes_and_repeated_signals_are_ignored(time_skipping):
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        for _ in range(3):
            await service.handle.signal(ROW_CHANGED, RowChanged(sequence=1, status=S.DECLINED))
        await service.decided(lambda order, at: order.attest(by=ATTESTER, at=at))
        await service.handle.signal(ROW_CHANGED, RowChanged(sequence=2, status=S.DECLINED))
        assert await service.handle.result() == "placed"


async def test_news_that_the_row_knows_nothing_of_makes_it_look_once(time_skipping):
    """The database was restored, and the events since the backup are still told."""
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        await service.handle.signal(ROW_CHANGED, RowChanged(sequence=99, status=S.AWAITING_ATTESTATION))
        await eventually(lambda: _true(service.reads == 1))
        await service.decided(lambda order, at: order.attest(by=ATTESTER, at=at))
        assert await service.handle.result() == "placed"
        assert service.reads == 1


async def _true(reached: bool) -> bool:
    return reached


async def test_who_may_decide_since_members_changed_is_mailed_too(time_skipping):
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        newcomer = an_attester(COMPANY)
        await service.decided(lambda order, at: order.ask_again([*PEOPLE, newcomer], at))
        await mails(service, 2)
        assert service.mails[1].contacts == (newcomer.contact_id,)
        assert service.mails[1].notification == service.mails[0].notification
        await service.decided(lambda order, at: order.attest(by=newcomer, at=at))
        assert await service.handle.result() == "placed"
        await record_history(service.handle, "order-attestation", "members-changed")


async def test_handed_over_while_it_runs_until_nobody_is_left_but_the_merchant(time_skipping):
    """The attester leaves, then the administrator: each time the next in line is mailed, and the clocks go on."""
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        await service.decided(lambda order, at: order.ask_again([BUYER.member, ADMINISTRATOR], at))
        await mails(service, 2)
        assert service.mails[1].contacts == (ADMINISTRATOR.contact_id,)
        await service.decided(lambda order, at: order.ask_again([BUYER.member], at))
        await mails(service, 3)
        assert service.sent() == [
            *ASKED,
            (T.ATTESTATION_ESCALATED, "2/asked"),
            (T.ATTESTATION_ESCALATED_MERCHANT, "3/asked"),
        ]
        assert await service.handle.result() == "expired"
        await record_history(service.handle, "order-attestation", "handed-over")


async def test_a_mail_server_that_is_away_holds_up_no_decision(time_skipping):
    async with attestation(time_skipping) as service:
        service.mail_server_is_up = False
        await eventually(lambda: service.handle.query(OrderAttestationWorkflow.state))
        await service.decided(lambda order, at: order.attest(by=ATTESTER, at=at))

        assert await service.handle.result() == "placed"
        assert service.mails == []
        await record_history(service.handle, "order-attestation", "mail-away")


# -- operators -------------------------------------------------------------------------------------------------------


async def test_an_operator_reminds_and_extends(time_skipping):
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        expiry = service.order.expires_at
        row = await service.handle.execute_update(OrderAttestationWorkflow.remind, RemindByOperator(actor="jan"))
        assert row.reminders == 1
        await mails(service, 2)
        row = await service.handle.execute_update(
            OrderAttestationWorkflow.extend, ExtendByOperator(actor="jan", by=timedelta(days=3))
        )
        assert row.expires_at == expiry + timedelta(days=3)
        assert service.actors == ["operator:jan", "operator:jan"]
        assert service.sent()[1] == (T.ATTESTATION_REMINDER, "1/reminder-1")
        assert await service.handle.result() == "expired"
        ended = (await service.handle.describe()).close_time
        assert ended >= expiry + timedelta(days=3)
        await record_history(service.handle, "order-attestation", "reminded-and-extended")


async def test_an_operator_withdraws(time_skipping):
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        row = await service.handle.execute_update(OrderAttestationWorkflow.withdraw, WithdrawByOperator(actor="jan"))
        assert row.status is S.WITHDRAWN
        assert await service.handle.result() == "withdrawn"
        await record_history(service.handle, "order-attestation", "withdrawn-by-operator")


async def refused(service, update, act):
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await service.handle.execute_update(update, act)
    assert isinstance(error.value.cause, ApplicationError)
    return error.value.cause.type


async def test_deciding_in_temporal_is_off_unless_policy_allows_it(time_skipping):
    yes = DecideByOperator(actor="jan", decision="attest")
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        assert await refused(service, OrderAttestationWorkflow.decide, yes) == "decision-not-allowed-here"
        await service.decided(lambda order, at: order.withdraw(at))
        await service.handle.result()


async def test_an_operator_decides_for_the_merchant_where_policy_allows_it(time_skipping):
    policy = AttestationPolicy(decide_in_temporal=True)
    decide = OrderAttestationWorkflow.decide
    async with attestation(time_skipping, policy=policy) as service:
        await mails(service, 1)
        yes = DecideByOperator(actor="jan", decision="attest")
        assert await refused(service, decide, yes) == "order-not-with-merchant"
        await service.decided(lambda order, at: order.withdraw(at))
        await service.handle.result()
    async with attestation(time_skipping, policy=policy, people=[]) as service:
        await mails(service, 1)
        assert service.order.asked_of is AskedOf.MERCHANT
        assert await refused(service, decide, DecideByOperator(actor="jan", decision="decline")) == "reason-missing"
        no = DecideByOperator(actor="jan", decision="decline", reason="too-dear")
        row = await service.handle.execute_update(decide, no)
        assert row.status is S.DECLINED
        assert service.order.decision_comment == "too-dear"
        assert await service.handle.result() == "declined"
        await record_history(service.handle, "order-attestation", "decided-by-operator")


async def test_it_says_in_plain_words_what_it_waits_for(time_skipping):
    async with attestation(time_skipping) as service:
        await mails(service, 1)
        metadata = await service.handle.query("__temporal_workflow_metadata")
        details = str(metadata)
        assert "Waiting for 1 attester of step 1 since" in details
        assert "goes to the administrators on" in details
        assert str(ATTESTER.contact_id) not in details
        await service.decided(lambda order, at: order.withdraw(at))
        await service.handle.result()
