"""The process `account-approval/<number>`: sees one application through to a decision, or to its withdrawal.

The row is the truth: the process reads it, does what it says is due, and waits for it to move on or for its next deadline.
"""

import asyncio
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow

from contracts.identity.activities import (
    ApplicationRef,
    ApplicationRow,
    ApplicationStatus,
    ApproveApplication,
    DecideApplication,
    DecideByOperator,
    ExtendApplication,
    RemindAbout,
    ReturnToReviewer,
    Verdict,
    WithdrawApplication,
    approve_application,
    decide_application,
    extend_application,
    read_application,
    record_application_reminder,
    return_to_reviewer,
    withdraw_application,
)
from contracts.identity.process_events import WithdrawnBecause
from contracts.identity.processes import ACCOUNT_APPROVAL, StartAccountApproval
from contracts.identity.values import LinkPurpose, RegistrationMode, RejectionReason
from contracts.notifications.activities import Link, SendMail, Template, Undeliverable, send_mail
from contracts.pricing.activities import GiveTerms, Refused, TakeBackTerms, give_terms, take_back_terms
from contracts.shared.activity import ActivityStub
from contracts.shared.process import (
    ROW_CHANGED,
    ExtendByOperator,
    RemindByOperator,
    RowChanged,
    WithdrawByOperator,
    show,
)

C = TypeVar("C")
FOR_PEOPLE = (ApplicationStatus.WAITING, ApplicationStatus.ASKED)
OPEN = (*FOR_PEOPLE, ApplicationStatus.APPROVING)
LOCAL_TIMEOUT = timedelta(seconds=10)


@workflow.defn(name=ACCOUNT_APPROVAL)
class AccountApprovalWorkflow:
    @workflow.init
    def __init__(self, start: StartAccountApproval) -> None:
        self._start = start
        self._row: ApplicationRow | None = None
        self._seen = 0
        """The highest sequence that a signal told of."""
        self._sent: set[str] = set()
        """Notifications of this run; the same again is the same mail, so forgetting them does no harm."""
        self._sending: set[asyncio.Task[None]] = set()
        """Mails on their way: a mail server that is away holds up no decision, and its retrying steps are visible."""
        self._undeliverable: str | None = None
        self._said = ""
        self._writing = asyncio.Lock()
        """Steps that change the row come one after the other, whoever asks for them."""

    @workflow.run
    async def run(self, start: StartAccountApproval) -> None:
        self._row = row = await self._local(read_application, ApplicationRef(application_id=start.application_id))
        if row.status in OPEN:
            self._mail("received", Template.APPLICATION_RECEIVED_MERCHANT)
        while True:
            row = self._known
            if row.status is ApplicationStatus.APPROVING:
                await self._carry_out(row)
            elif row.status in FOR_PEOPLE:
                await self._wait(row)
            else:
                break
            if workflow.info().is_continue_as_new_suggested() and not self._sending:
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(start)
        self._tell_outcome(row)
        await workflow.wait_condition(lambda: not self._sending and workflow.all_handlers_finished())

    # -- waiting for people --------------------------------------------------------------------------------------------

    async def _wait(self, row: ApplicationRow) -> None:
        """Until the row moves on, or its next deadline has been acted upon."""
        if row.mode is RegistrationMode.AUTOMATIC and row.decision == 0:
            return await self._write(
                decide_application,
                DecideApplication(
                    application_id=row.application_id, decision=1, verdict=Verdict.APPROVE, actor="process"
                ),
            )
        self._tell_who_is_waited_for(row)
        due, what = _next_deadline(row)
        self._say(row, f"{_waiting_for(row)}; {what} on {_day(due)}" if due else _waiting_for(row), due=due)
        if await self._moved_on(row, due, what):
            return await self._read()
        if due is not None and due == row.question_due_at:
            return await self._write(
                withdraw_application,
                WithdrawApplication(
                    application_id=row.application_id,
                    question=row.question,
                    due_at=due,
                    reason=WithdrawnBecause.SILENCE,
                ),
            )
        return await self._write(
            record_application_reminder, RemindAbout(application_id=row.application_id, reminder=row.reminders + 1)
        )

    async def _moved_on(self, row: ApplicationRow, due: datetime | None, what: str) -> bool:
        """False: the deadline came first."""
        pause = max(due - workflow.now(), timedelta(0)) if due else None
        try:
            await workflow.wait_condition(lambda: self._newer_than(row), timeout=pause, timeout_summary=what)
        except TimeoutError:
            return False
        return True

    def _newer_than(self, row: ApplicationRow) -> bool:
        return self._seen > row.sequence or self._known.sequence > row.sequence

    def _tell_who_is_waited_for(self, row: ApplicationRow) -> None:
        """The mails that are due by the row. A repeated step sends none again."""
        if row.status is ApplicationStatus.ASKED:
            link = Link(purpose=LinkPurpose.ANSWER, subject=row.application_id, issue=row.question)
            place, reminder = f"question/{row.question}", Template.APPLICATION_QUESTION_REMINDER
            self._mail(place, Template.APPLICATION_QUESTION, to_applicant=True, link=link)
            if row.reminders:
                self._mail(f"{place}/reminder/{row.reminders}", reminder, to_applicant=True, link=link)
            return
        place = f"review/{row.answered}-{row.decision}"
        if row.returned:
            reason = {"reason": row.returned}
            self._mail(f"returned/{row.decision}", Template.APPLICATION_RETURNED_MERCHANT, parameters=reason)
        elif row.answered:
            self._mail(f"answered/{row.answered}", Template.APPLICATION_ANSWERED_MERCHANT)
        if row.reminders:
            self._mail(f"{place}/reminder/{row.reminders}", Template.APPLICATION_REMINDER_MERCHANT)

    # -- carrying out a decision ---------------------------------------------------------------------------------------

    async def _carry_out(self, row: ApplicationRow) -> None:
        """Terms first, the customer last, because others act on its event. What was given is taken back on a refusal."""
        self._say(row, f"giving the terms of decision {row.decision}, taken at {_day(row.since)}")
        if row.price_list:
            given = await workflow.execute_activity(
                give_terms,
                GiveTerms(company_id=row.company_id, price_list=row.price_list),
                summary=f"give price list {row.price_list}",
                **give_terms.options,
            )
            if isinstance(given, Refused):
                return await self._write(
                    return_to_reviewer,
                    ReturnToReviewer(application_id=row.application_id, decision=row.decision, reason=given.reason),
                )
        await self._write(
            approve_application, ApproveApplication(application_id=row.application_id, decision=row.decision)
        )
        if self._known.status is not ApplicationStatus.APPROVED and row.price_list:
            await workflow.execute_activity(
                take_back_terms,
                TakeBackTerms(company_id=row.company_id, price_list=row.price_list),
                summary=f"take back price list {row.price_list}",
                **take_back_terms.options,
            )
        return None

    def _tell_outcome(self, row: ApplicationRow) -> None:
        self._say(row, f"since {_day(row.since)}")
        if row.status is ApplicationStatus.APPROVED:
            next_step = {"after_approval": row.after_approval.value}
            self._mail("approved", Template.APPLICATION_APPROVED, to_applicant=True, parameters=next_step)
        elif row.status is ApplicationStatus.REJECTED:
            reason = {"reason": (row.rejection or RejectionReason.OTHER).value}
            self._mail("rejected", Template.APPLICATION_REJECTED, to_applicant=True, parameters=reason)
        else:
            self._mail("withdrawn", Template.APPLICATION_WITHDRAWN, to_applicant=True)
            self._mail("withdrawn-merchant", Template.APPLICATION_WITHDRAWN_MERCHANT)

    # -- steps ---------------------------------------------------------------------------------------------------------

    @property
    def _known(self) -> ApplicationRow:
        assert self._row is not None
        return self._row

    async def _local(self, step: ActivityStub[C, ApplicationRow], command: C) -> ApplicationRow:
        row: ApplicationRow = await workflow.execute_local_activity(
            step,
            command,
            start_to_close_timeout=LOCAL_TIMEOUT,
            retry_policy=step.options["retry_policy"],
        )
        return row

    async def _write(self, step: ActivityStub[C, ApplicationRow], command: C) -> None:
        async with self._writing:
            row = await self._local(step, command)
            if self._row is None or row.sequence >= self._row.sequence:
                self._row = row

    async def _read(self) -> None:
        if self._seen > self._known.sequence:
            self._seen = 0  # whatever was told, the row that is read now has the last word
            await self._write(read_application, ApplicationRef(application_id=self._start.application_id))

    def _mail(
        self,
        what: str,
        template: Template,
        *,
        to_applicant: bool = False,
        link: Link | None = None,
        parameters: dict[str, str] | None = None,
    ) -> None:
        """Sends one mail, once: to the applicant, or to the merchant's mailbox. Nobody waits for it before the end."""
        notification = f"account-approval/{self._start.number}/{what}"
        if notification in self._sent:
            return
        self._sent.add(notification)
        mail = SendMail(
            notification=notification,
            template=template,
            contacts=(self._known.contact_id,) if to_applicant else (),
            link=link,
            parameters={
                "number": self._start.number,
                "application_id": str(self._start.application_id),
                **(parameters or {}),
            },
        )
        sending = asyncio.create_task(self._send(what, mail))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def _send(self, what: str, mail: SendMail) -> None:
        sent = await workflow.execute_activity(send_mail, mail, summary=what, **send_mail.options)
        if isinstance(sent, Undeliverable):
            self._undeliverable = f"{what} could not be delivered ({sent.reason})"
            self._say_again()

    def _say(self, row: ApplicationRow, details: str, *, due: datetime | None = None) -> None:
        """For people, in the Temporal UI; no names."""
        waiting = {ApplicationStatus.WAITING: "reviewer", ApplicationStatus.ASKED: "applicant"}.get(
            row.status, "nobody"
        )
        self._said = f"**{row.status.value}**: {details} UTC"
        self._say_again()
        show(row.status.value, waiting, due)

    def _say_again(self) -> None:
        workflow.set_current_details("\n\n".join(line for line in (self._said, self._undeliverable) if line))

    # -- what comes from outside ---------------------------------------------------------------------------------------

    @workflow.signal(name=ROW_CHANGED, description="The application moved on; the process reads its row.")
    def row_changed(self, change: RowChanged) -> None:
        self._seen = max(self._seen, change.sequence)

    @workflow.query(description="The application as the process last read it.")
    def state(self) -> ApplicationRow | None:
        return self._row

    @workflow.update(description="Reminds the reviewer, or the applicant, now. actor: your name, recorded as claimed")
    async def remind(self, act: RemindByOperator) -> ApplicationRow:
        row = self._known
        reminder = RemindAbout(application_id=row.application_id, reminder=row.reminders + 1, actor=act.claimed)
        await self._write(record_application_reminder, reminder)
        return self._known

    @workflow.update(
        description="Moves the next deadline, by as in PT12H or P3D. actor: your name, recorded as claimed"
    )
    async def extend(self, act: ExtendByOperator) -> ApplicationRow:
        row = self._known
        due = row.question_due_at or row.remind_at or workflow.now()
        extension = ExtendApplication(application_id=row.application_id, until=due + act.by, actor=act.claimed)
        await self._write(extend_application, extension)
        return self._known

    @workflow.update(description="Withdraws the application. actor: your name, recorded as claimed")
    async def withdraw(self, act: WithdrawByOperator) -> ApplicationRow:
        withdrawal = WithdrawApplication(
            application_id=self._known.application_id, reason=WithdrawnBecause.STAFF, actor=act.claimed
        )
        await self._write(withdraw_application, withdrawal)
        return self._known

    @workflow.update(
        description="Approves or rejects, where policy allows it here. actor: your name, recorded as claimed"
    )
    async def decide(self, act: DecideByOperator) -> ApplicationRow:
        row = self._known
        decision = DecideApplication(
            application_id=row.application_id,
            decision=row.decision + 1,
            verdict=act.verdict,
            reason=act.reason,
            actor=act.claimed,
        )
        await self._write(decide_application, decision)
        return self._known

    @remind.validator
    def check_remind(self, act: RemindByOperator) -> None:
        self._check_waits()

    @extend.validator
    def check_extend(self, act: ExtendByOperator) -> None:
        self._check_waits()

    @withdraw.validator
    def check_withdraw(self, act: WithdrawByOperator) -> None:
        self._check_waits()

    @decide.validator
    def check_decide(self, act: DecideByOperator) -> None:
        self._check_waits()
        if not self._known.policy.decide_in_temporal:
            raise ValueError("the policy does not allow decisions here")

    def _check_waits(self) -> None:
        if self._row is None or self._row.status not in FOR_PEOPLE:
            raise ValueError("the application does not wait for anybody")


def _next_deadline(row: ApplicationRow) -> tuple[datetime | None, str]:
    """When the process acts by itself next, and what it does then."""
    remind = "reminds the reviewer" if row.status is ApplicationStatus.WAITING else "reminds the applicant"
    deadlines = [(row.remind_at, remind), (row.question_due_at, "withdraws the application")]
    known = [(due, what) for due, what in deadlines if due is not None]
    return min(known, default=(None, "waits"))


def _waiting_for(row: ApplicationRow) -> str:
    since = f"since {_day(row.since)}"
    if row.status is ApplicationStatus.ASKED:
        return f"waiting for the applicant's answer to question {row.question} {since}"
    if row.returned:
        return f"waiting for the reviewer {since}, because decision {row.decision} was refused: {row.returned}"
    return f"waiting for the reviewer {since}"


def _day(moment: datetime | None) -> str:
    return f"{moment:%a %d %b %H:%M:%S}" if moment else ""
