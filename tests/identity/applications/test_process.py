"""Every branch of `AccountApproval`, with the time skipped. A fake service stands where the rows and the mails are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import WorkflowUpdateFailedError

from chassis.ids import new_id
from contracts.identity import activities as stubs
from contracts.identity.activities import ApplicationRow, ApplicationStatus, ApprovalPolicy, Verdict
from contracts.identity.processes import StartAccountApproval, account_approval_id
from contracts.identity.values import AfterApproval, RegistrationMode, RejectionReason
from contracts.notifications.activities import SendMail, Sent, Undeliverable, send_mail
from contracts.pricing.activities import Given, GiveTerms, Refused, TakeBackTerms, give_terms, take_back_terms
from contracts.shared.process import (
    ROW_CHANGED,
    SEARCH_ATTRIBUTES,
    ExtendByOperator,
    RemindByOperator,
    RowChanged,
    WithdrawByOperator,
)
from identity.applications.workflows import AccountApprovalWorkflow
from tests.processes import TimeSkipping, fake, record_history
from tests.waiting import eventually

APPLICATION, COMPANY, APPLICANT = UUID(int=1), UUID(int=2), UUID(int=3)
DAY = timedelta(days=1)
POLICY = ApprovalPolicy(remind_reviewer_after=2 * DAY, remind_applicant_after=3 * DAY, withdraw_after=14 * DAY)
WAITING, ASKED, APPROVING = ApplicationStatus.WAITING, ApplicationStatus.ASKED, ApplicationStatus.APPROVING


class FakeServices:
    """The row of one application, and what the three services were asked to do, in order."""

    def __init__(self, time: TimeSkipping, at: datetime, **row: Any) -> None:
        self.time = time
        self.row = ApplicationRow(
            application_id=APPLICATION,
            number="A-000001",
            company_id=COMPANY,
            company_number="C-000001",
            contact_id=APPLICANT,
            sequence=1,
            status=WAITING,
            since=at,
            mode=RegistrationMode.MANUAL,
            remind_at=at + POLICY.remind_reviewer_after,
            after_approval=AfterApproval.INVITE,
            policy=POLICY,
        ).model_copy(update=row)
        self.done: list[str] = []
        self.actors: list[str] = []
        self.mails: list[SendMail] = []
        self.known_lists = {"b2b"}
        self.undeliverable: set[str] = set()
        self.mail_server: asyncio.Event | None = None
        self.on_approval: dict[str, Any] = {"status": ApplicationStatus.APPROVED}
        self.before_reminder: dict[str, Any] | None = None
        self.before_withdrawal: dict[str, Any] | None = None
        self.give_slowly: Callable[[GiveTerms], Awaitable[Given]] | None = None

    def move(self, **changes: Any) -> ApplicationRow:
        self.row = self.row.model_copy(update={"sequence": self.row.sequence + 1, **changes})
        return self.row

    async def read(self, _: stubs.ApplicationRef) -> ApplicationRow:
        return self.row

    async def remind(self, command: stubs.RemindAbout) -> ApplicationRow:
        self.actors.append(command.actor)
        if self.before_reminder:
            self.move(**self.before_reminder)
        elif command.reminder > self.row.reminders:
            again = await self.time.now() + POLICY.remind_reviewer_after
            self.move(reminders=command.reminder, remind_at=again if self.row.status is WAITING else None)
        return self.row

    async def withdraw(self, command: stubs.WithdrawApplication) -> ApplicationRow:
        self.actors.append(command.actor)
        if self.before_withdrawal:
            changes, self.before_withdrawal = self.before_withdrawal, None
            return self.move(**changes)
        self.done.append(f"withdraw {command.reason.value}")
        return self.move(status=ApplicationStatus.WITHDRAWN, remind_at=None, question_due_at=None)

    async def extend(self, command: stubs.ExtendApplication) -> ApplicationRow:
        self.actors.append(command.actor)
        name = "question_due_at" if self.row.status is ASKED else "remind_at"
        return self.move(**{name: command.until})

    async def decide(self, command: stubs.DecideApplication) -> ApplicationRow:
        self.actors.append(command.actor)
        if command.verdict is Verdict.REJECT:
            return self.move(status=ApplicationStatus.REJECTED, decision=command.decision, rejection=command.reason)
        return self.move(status=APPROVING, decision=command.decision)

    async def return_to_reviewer(self, command: stubs.ReturnToReviewer) -> ApplicationRow:
        self.done.append(f"return {command.reason}")
        return await self.returned(command.reason)

    async def returned(self, reason: str) -> ApplicationRow:
        again = await self.time.now() + POLICY.remind_reviewer_after
        return self.move(status=WAITING, returned=reason, remind_at=again)

    async def approve(self, command: stubs.ApproveApplication) -> ApplicationRow:
        self.done.append(f"approve {command.decision}")
        return self.move(**self.on_approval)

    async def mail(self, command: SendMail) -> Sent | Undeliverable:
        if self.mail_server:
            await self.mail_server.wait()
        self.mails.append(command)
        what = command.notification.removeprefix("account-approval/A-000001/")
        return Undeliverable(reason="unknown-user") if what in self.undeliverable else Sent()

    async def give(self, command: GiveTerms) -> Given | Refused:
        self.done.append(f"give {command.price_list}")
        if self.give_slowly:
            return await self.give_slowly(command)
        return Given() if command.price_list in self.known_lists else Refused(reason="price-list-unknown")

    async def take_back(self, command: TakeBackTerms) -> None:
        self.done.append(f"take back {command.price_list}")

    @property
    def mailed(self) -> list[str]:
        return [one.notification.removeprefix("account-approval/A-000001/") for one in self.mails]

    def mail_of(self, what: str) -> SendMail:
        return self.mails[self.mailed.index(what)]


class Process:
    """One running process and the fake services that it drives."""

    def __init__(self, services: FakeServices, handle: Any) -> None:
        self.services = services
        self.handle = handle

    async def tell(self, **changes: Any) -> None:
        """Somebody outside changes the row; its event reaches the process as a signal."""
        row = self.services.move(**changes)
        await self.handle.signal(ROW_CHANGED, RowChanged(sequence=row.sequence, status=row.status))

    async def ask(self, question: int = 1) -> None:
        at = await self.services.time.now()
        await self.tell(
            status=ASKED,
            question=question,
            since=at,
            reminders=0,
            remind_at=at + POLICY.remind_applicant_after,
            question_due_at=at + POLICY.withdraw_after,
        )

    async def answer(self, question: int = 1) -> None:
        at = await self.services.time.now()
        remind_at = at + POLICY.remind_reviewer_after
        await self.tell(
            status=WAITING, answered=question, since=at, reminders=0, remind_at=remind_at, question_due_at=None
        )

    async def approve(self, price_list: str | None = "b2b") -> None:
        await self.tell(status=APPROVING, decision=self.services.row.decision + 1, price_list=price_list, returned=None)

    async def passes(self, time: timedelta) -> None:
        await self.services.time.pass_time(time)

    async def said(self) -> str:
        """The current details, as the Temporal UI shows them."""
        return str(await self.handle.query("__temporal_workflow_metadata")).replace("\\'", "'")

    async def until_said(self, words: str) -> None:
        async def are_said() -> bool:
            return words in await self.said()

        await eventually(are_said, what=words)

    async def ends(self, branch: str) -> list[str]:
        """What was done, once the process has ended; its history is kept as that of this branch."""
        await self.handle.result()
        await record_history(self.handle, "account-approval", branch)
        return self.services.done


Begin = Callable[..., AbstractAsyncContextManager[Process]]


@pytest.fixture
def process(time_skipping: TimeSkipping) -> Begin:
    """`async with process(**row)`: a running process over fake services whose row begins like this."""

    @asynccontextmanager
    async def begin(**row: Any) -> AsyncIterator[Process]:
        services = FakeServices(time_skipping, await time_skipping.now(), **row)
        fakes = [
            fake(stubs.read_application, services.read),
            fake(stubs.record_application_reminder, services.remind),
            fake(stubs.withdraw_application, services.withdraw),
            fake(stubs.extend_application, services.extend),
            fake(stubs.decide_application, services.decide),
            fake(stubs.return_to_reviewer, services.return_to_reviewer),
            fake(stubs.approve_application, services.approve),
            fake(give_terms, services.give),
            fake(take_back_terms, services.take_back),
            fake(send_mail, services.mail),
        ]
        async with time_skipping.running(AccountApprovalWorkflow, "identity", fakes) as client:
            start = StartAccountApproval(application_id=APPLICATION, number="A-000001", company_number="C-000001")
            process_id = f"{account_approval_id('A-000001')}/{new_id()}"
            handle = await client.start_workflow(
                AccountApprovalWorkflow.run, start, id=process_id, task_queue="identity"
            )
            running = Process(services, handle)
            if services.row.status is WAITING and services.row.mode is RegistrationMode.MANUAL:
                await running.until_said("waiting for the reviewer")
            yield running

    return begin


async def test_an_approval_gives_the_terms_then_approves_then_tells_the_customer(process: Begin):
    async with process() as running:
        await running.approve()
        assert await running.ends("approved") == ["give b2b", "approve 1"]
        assert running.services.mailed == ["received", "approved"]
        assert running.services.mail_of("approved").contacts == (APPLICANT,)
        assert running.services.mail_of("received").contacts == (), "the merchant's own mailbox"


async def test_an_approval_without_price_list_asks_nothing_of_pricing(process: Begin):
    async with process() as running:
        await running.approve(None)
        assert await running.ends("approved-without-price-list") == ["approve 1"]


async def test_a_price_list_that_pricing_refuses_returns_the_application_to_the_reviewer(process: Begin):
    async with process() as running:
        await running.approve("no-such-list")
        await running.passes(DAY)
        assert running.services.done == ["give no-such-list", "return price-list-unknown"]
        assert running.services.mail_of("returned/1").parameters["reason"] == "price-list-unknown"
        await running.approve("b2b")
        assert (await running.ends("refused-then-approved"))[-2:] == ["give b2b", "approve 2"]
        assert running.services.mailed == ["received", "returned/1", "approved"]


async def test_terms_are_taken_back_when_the_customer_number_was_taken_meanwhile(process: Begin):
    async with process() as running:
        due = await running.services.time.now() + 3 * DAY
        running.services.on_approval = {"status": WAITING, "returned": "customer-number-taken", "remind_at": due}
        await running.approve()
        await running.passes(DAY)
        assert running.services.done == ["give b2b", "approve 1", "take back b2b"]
        assert running.services.mailed == ["received", "returned/1"]
        await running.tell(status=ApplicationStatus.REJECTED, decision=2, rejection=RejectionReason.OTHER)
        await running.ends("terms-taken-back")


async def test_an_automatic_application_is_decided_by_the_process_itself(process: Begin):
    async with process(mode=RegistrationMode.AUTOMATIC, after_approval=AfterApproval.ENABLE) as running:
        assert await running.ends("automatic") == ["approve 1"]
        assert running.services.actors == ["process"]
        assert running.services.mail_of("approved").parameters["after_approval"] == "enable"


async def test_an_automatic_application_that_can_not_be_carried_out_waits_for_a_reviewer(process: Begin):
    async with process(mode=RegistrationMode.AUTOMATIC, price_list="gone") as running:
        await running.passes(DAY)
        assert running.services.done == ["give gone", "return price-list-unknown"]
        await running.approve()
        assert (await running.ends("automatic-returned"))[-1] == "approve 2"
        assert running.services.mailed == ["received", "returned/1", "approved"]


async def test_a_rejection_is_told_with_its_coded_reason(process: Begin):
    async with process() as running:
        await running.tell(status=ApplicationStatus.REJECTED, decision=1, rejection=RejectionReason.DUPLICATE)
        await running.ends("rejected")
        assert running.services.mailed == ["received", "rejected"]
        assert running.services.mail_of("rejected").parameters["reason"] == "duplicate"


async def test_a_reviewer_who_does_nothing_is_reminded_again_and_again(process: Begin):
    async with process() as running:
        await running.passes(5 * DAY)
        assert running.services.mailed == ["received", "review/0-0/reminder/1", "review/0-0/reminder/2"]
        await running.approve(None)
        await running.ends("reviewer-reminded")


async def test_a_question_is_mailed_with_a_link_and_its_answer_leads_back_to_the_reviewer(process: Begin):
    async with process() as running:
        await running.ask()
        await running.passes(DAY)
        question = running.services.mail_of("question/1")
        assert question.link is not None
        assert (question.link.purpose, question.link.subject, question.link.issue) == ("answer", APPLICATION, 1)
        await running.answer()
        await running.passes(DAY)
        await running.ask(2)
        await running.passes(DAY)
        await running.answer(2)
        await running.approve(None)
        await running.ends("questions")
        assert [one for one in running.services.mailed if "reminder" not in one][:4] == [
            "received", "question/1", "answered/1", "question/2",
        ]  # fmt: skip


async def test_silence_of_the_applicant_is_reminded_once_and_ends_in_withdrawal(process: Begin):
    async with process() as running:
        await running.ask()
        assert await running.ends("silence") == ["withdraw silence"]
        assert running.services.mailed[:3] == ["received", "question/1", "question/1/reminder/1"]
        assert set(running.services.mailed[3:]) == {"withdrawn", "withdrawn-merchant"}


async def test_an_answer_a_moment_before_the_withdrawal_stands(process: Begin):
    async with process() as running:
        await running.ask()
        at = await running.services.time.now() + 20 * DAY
        running.services.before_withdrawal = {
            "status": WAITING, "answered": 1, "question_due_at": None, "remind_at": at,
        }  # fmt: skip
        await running.passes(15 * DAY)
        assert "answered/1" in running.services.mailed
        assert "withdrawn" not in running.services.mailed
        await running.approve(None)
        await running.ends("answer-before-withdrawal")


async def test_a_decision_a_moment_before_the_reminder_stands(process: Begin):
    async with process() as running:
        running.services.before_reminder = {"status": APPROVING, "decision": 1, "price_list": None}
        assert await running.ends("decision-before-reminder") == ["approve 1"]


async def test_echoes_and_repeated_signals_do_nothing(process: Begin):
    async with process() as running:
        await running.ask()
        await running.passes(DAY)
        before = list(running.services.mailed)
        for sequence in (1, 2, 2):
            await running.handle.signal(ROW_CHANGED, RowChanged(sequence=sequence, status=ASKED))
        await running.passes(timedelta(hours=1))
        assert (running.services.mailed, running.services.done) == (before, [])
        await running.tell(status=ApplicationStatus.REJECTED, decision=1, rejection=RejectionReason.OTHER)
        await running.ends("echoes")


async def test_a_process_that_is_started_again_goes_where_the_row_stands(process: Begin):
    """As `reconcile` does after a process was terminated; the mails are the same mails, by their ids."""
    async with process(status=APPROVING, decision=2, price_list="b2b", sequence=7) as running:
        assert await running.ends("resumed") == ["give b2b", "approve 2"]


async def test_a_process_whose_row_is_closed_tells_the_outcome_and_ends(process: Begin):
    async with process(status=ApplicationStatus.WITHDRAWN) as running:
        await running.ends("closed-before-start")
        assert set(running.services.mailed) == {"withdrawn", "withdrawn-merchant"}


async def test_an_operator_reminds_extends_and_withdraws_under_his_claimed_name(process: Begin):
    async with process() as running:
        await running.ask()
        await running.passes(timedelta(hours=1))
        row = await running.handle.execute_update(AccountApprovalWorkflow.remind, RemindByOperator(actor="kim"))
        assert row.reminders == 1
        due = row.question_due_at
        row = await running.handle.execute_update(
            AccountApprovalWorkflow.extend, ExtendByOperator(actor="kim", by=10 * DAY)
        )
        assert due is not None
        assert row.question_due_at == due + 10 * DAY
        await running.passes(15 * DAY)
        assert running.services.row.status is ASKED, "the old deadline counts no more"
        await running.handle.execute_update(AccountApprovalWorkflow.withdraw, WithdrawByOperator(actor="kim"))
        assert await running.ends("operator") == ["withdraw staff"]
        assert running.services.actors == ["operator:kim"] * 3
        assert running.services.mailed.count("question/1/reminder/1") == 1


async def test_an_operator_decides_only_where_policy_allows_it(process: Begin):
    reject = stubs.DecideByOperator(actor="kim", verdict=Verdict.REJECT, reason=RejectionReason.CREDIT)
    async with process() as running:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await running.handle.execute_update(AccountApprovalWorkflow.decide, reject)
        assert "policy does not allow" in str(refused.value.cause)
        await running.tell(status=ApplicationStatus.WITHDRAWN)
        await running.ends("operator-may-not-decide")
    allowed = POLICY.model_copy(update={"decide_in_temporal": True})
    async with process(policy=allowed) as running:
        await running.handle.execute_update(AccountApprovalWorkflow.decide, reject)
        await running.ends("operator-decides")
        assert running.services.mail_of("rejected").parameters["reason"] == "credit"


async def test_an_operator_is_refused_when_nobody_is_waited_for(process: Begin):
    async with process() as running:
        giving = asyncio.Event()

        async def slow(command: GiveTerms) -> Given:
            await giving.wait()
            return Given()

        running.services.give_slowly = slow
        await running.approve()
        await running.until_said("giving the terms of decision 1")
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await running.handle.execute_update(AccountApprovalWorkflow.remind, RemindByOperator(actor="kim"))
        assert "does not wait for anybody" in str(refused.value.cause)
        giving.set()
        await running.ends("operator-refused")


async def test_a_question_that_can_not_be_delivered_is_said_where_operators_look(process: Begin):
    async with process() as running:
        running.services.undeliverable = {"question/1"}
        await running.ask()
        await running.passes(DAY)
        assert "question/1 could not be delivered (unknown-user)" in await running.said()
        await running.tell(status=ApplicationStatus.WITHDRAWN)
        await running.ends("undeliverable")


async def test_a_mail_server_that_is_away_holds_up_no_decision(process: Begin):
    async with process() as running:
        back = asyncio.Event()
        running.services.mail_server = back
        await running.approve()
        await running.until_said("approved")
        assert running.services.done == ["give b2b", "approve 1"]
        back.set()
        await running.ends("mail-server-away")
        assert set(running.services.mailed) == {"received", "approved"}


async def test_people_read_in_plain_words_what_is_waited_for_and_until_when(process: Begin):
    async with process() as running:
        await running.ask()
        await running.passes(DAY)
        details = await running.said()
        assert "waiting for the applicant's answer to question 1 since" in details
        assert "reminds the applicant on" in details
        described = await running.handle.describe()
        found = {pair.key.name: pair.value for pair in described.typed_search_attributes}
        assert found["ProcessState"] == "asked"
        assert found["WaitingFor"] == "applicant"
        assert found["DueAt"] == running.services.row.remind_at
        assert {"ProcessState", "WaitingFor", "DueAt"} <= {one.name for one in SEARCH_ATTRIBUTES}
        assert (await running.handle.query(AccountApprovalWorkflow.state)).question == 1
        await running.tell(status=ApplicationStatus.WITHDRAWN)
        await running.ends("details")
