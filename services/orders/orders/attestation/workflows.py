"""The order attestation process: holds time and the order of steps. What is true is in the order's row."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from contracts.notifications.activities import SendMail, Template, send_mail
from contracts.orders.activities import (
    AttestationRow,
    DecideAttestation,
    EscalateAttestation,
    ExpireAttestation,
    ExtendAttestation,
    OrderRef,
    RemindAttesters,
    WithdrawOrder,
    decide_attestation,
    escalate_attestation,
    expire_attestation,
    extend_attestation,
    place_order,
    read_attestation,
    record_attestation_reminder,
    withdraw_order,
)
from contracts.orders.processes import (
    ORDER_ATTESTATION,
    DecideByOperator,
    StartOrderAttestation,
)
from contracts.orders.values import AskedOf, OrderStatus
from contracts.shared.activity import ActivityStub
from contracts.shared.process import (
    ROW_CHANGED,
    ExtendByOperator,
    RemindByOperator,
    RowChanged,
    WithdrawByOperator,
    show,
)

STATE_QUERY = "state"


@dataclass(frozen=True)
class _Deadline:
    """The next thing that time does."""

    at: datetime
    name: str
    act: Callable[[], Awaitable[AttestationRow]]


@workflow.defn(name=ORDER_ATTESTATION)
class OrderAttestationWorkflow:
    """Sees one order that its company must attest through to its placement, or to another end.

    It asks, reminds, goes to the administrators and to the merchant, and lets it expire. Decisions are taken over HTTP;
    deadlines stand in the row, and a timer only fires the command that looks at them. Of the outcome people are told by
    who reads its event, as with every other order.
    """

    @workflow.init
    def __init__(self, start: StartOrderAttestation) -> None:
        self._order = OrderRef(order_id=start.order_id)
        self._row: AttestationRow | None = None
        self._news: RowChanged | None = None
        self._mails: list[workflow.ActivityHandle[Any]] = []
        self._mailed_step = 0
        self._mailed: set[Any] = set()
        self._mailed_reminders = 0

    @workflow.run
    async def run(self, start: StartOrderAttestation) -> str:
        """Returns the order's status at its end."""
        row = self._take(start.row or await self._do(read_attestation, self._order, "Read the order"))
        while row.status is OrderStatus.AWAITING_ATTESTATION:
            self._ask(row)
            self._remind(row)
            self._describe(row)
            row = await self._what_comes_next(row)
            if workflow.info().is_continue_as_new_suggested():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(start.model_copy(update={"row": self._newest}))
        self._stop_asking()
        if row.status is OrderStatus.ATTESTED:
            row = self._take(await self._do(place_order, self._order, "Place the order"))
        show(row.status, "nobody", row.expires_at)
        workflow.set_current_details(f"The order is {_words(row.status)}.")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return row.status.value

    # -- waiting -------------------------------------------------------------------------------------------------------

    async def _what_comes_next(self, row: AttestationRow) -> AttestationRow:
        """Waits until the row moved on or a deadline has passed, and answers with the row after that."""
        deadline = self._next_deadline(row)
        try:
            await workflow.wait_condition(
                lambda: self._newest is not row or self._is_news(row),
                timeout=max(deadline.at - workflow.now(), timedelta(0)),
                timeout_summary=deadline.name,
            )
        except TimeoutError:
            return self._take(await deadline.act())
        if self._is_news(row) and self._news is not None:
            if self._news.status == OrderStatus.AWAITING_ATTESTATION:
                self._news = None  # whatever was told, the row that is read now has the last word
                return self._take(await self._do(read_attestation, self._order, "Read the order"))
            news = {"status": OrderStatus(self._news.status), "sequence": self._news.sequence}
            return self._take(row.model_copy(update=news))
        return self._newest

    def _next_deadline(self, row: AttestationRow) -> _Deadline:
        reminder = RemindAttesters(order_id=row.order_id, step=row.step, so_far=row.reminders)
        expiry = ExpireAttestation(order_id=row.order_id, due=row.expires_at)
        deadlines = [
            _Deadline(row.expires_at, "Expires", lambda: self._do(expire_attestation, expiry, "Let it expire"))
        ]
        if row.escalate_at:
            further = EscalateAttestation(order_id=row.order_id, step=row.step, due=row.escalate_at)
            name = f"Goes to {_next_in_line(row)}"
            deadlines.append(
                _Deadline(row.escalate_at, name, lambda: self._do(escalate_attestation, further, "Go further"))
            )
        if row.remind_at:
            deadlines.append(
                _Deadline(
                    row.remind_at,
                    "Reminder",
                    lambda: self._do(record_attestation_reminder, reminder, "Note a reminder"),
                )
            )
        return min(deadlines, key=lambda one: one.at)

    @workflow.signal(name=ROW_CHANGED, description="The order moved on; the process looks at its row.")
    def row_changed(self, change: RowChanged) -> None:
        if self._news is None or change.sequence > self._news.sequence:
            self._news = change

    def _is_news(self, row: AttestationRow) -> bool:
        return self._news is not None and self._news.sequence > row.sequence

    @property
    def _newest(self) -> AttestationRow:
        assert self._row is not None
        return self._row

    def _take(self, row: AttestationRow) -> AttestationRow:
        if self._row is None or row.sequence > self._row.sequence:
            self._row = row
        return self._row

    async def _do(self, stub: ActivityStub[Any, AttestationRow], command: Any, summary: str) -> AttestationRow:
        """A step of our own service, in the same workflow task."""
        return await workflow.execute_local_activity(
            stub,
            command,
            start_to_close_timeout=stub.options["start_to_close_timeout"],
            retry_policy=stub.options["retry_policy"],
            summary=summary,
        )

    # -- telling -------------------------------------------------------------------------------------------------------

    def _ask(self, row: AttestationRow) -> None:
        """Mails those who are asked and were not mailed in this step; a mail that can not be sent holds up no decision."""
        if row.step != self._mailed_step:
            self._stop_asking()
            self._mailed_step, self._mailed, self._mailed_reminders = row.step, set(), 0
            if row.asked_of is AskedOf.MERCHANT:
                self._mail(row, "asked", Template.ATTESTATION_ESCALATED_MERCHANT, ())
        new = tuple(contact for contact in row.asked if contact not in self._mailed)
        if new:
            self._mailed.update(new)
            template = Template.ATTESTATION_ESCALATED if row.step > 1 else Template.ATTESTATION_REQUESTED
            self._mail(row, "asked", template, new)

    def _remind(self, row: AttestationRow) -> None:
        if row.reminders > self._mailed_reminders:
            self._mailed_reminders = row.reminders
            kind = f"reminder-{row.reminders}"
            if row.asked_of is AskedOf.MERCHANT:
                self._mail(row, kind, Template.ATTESTATION_ESCALATED_MERCHANT, ())
            elif row.asked:
                self._mail(row, kind, Template.ATTESTATION_REMINDER, row.asked)

    def _mail(self, row: AttestationRow, kind: str, template: Template, contacts: tuple[Any, ...]) -> None:
        """Its `notification` names row, step and kind, so that a repetition is the same mail."""
        total, until = f"{row.total.amount} {row.total.currency}", row.expires_at.isoformat()
        submitter = {"submitter": str(row.submitter)} if row.submitter else {}
        mail = SendMail(
            notification=f"{workflow.info().workflow_id}/{row.step}/{kind}",
            template=template,
            contacts=contacts,
            parameters={"number": row.number, "total": total, "until": until, **submitter},
        )
        self._mails.append(workflow.start_activity(send_mail, mail, summary=f"Mail {template}", **send_mail.options))

    def _stop_asking(self) -> None:
        for mail in self._mails:
            if not mail.done():
                mail.cancel()
        self._mails.clear()

    def _describe(self, row: AttestationRow) -> None:
        """For operators, in plain words and without names."""
        whom = "the merchant"
        if row.asked_of is not AskedOf.MERCHANT:
            count = len(row.asked)
            one, many = (
                ("attester", "attesters") if row.asked_of is AskedOf.ATTESTERS else ("administrator", "administrators")
            )
            whom = f"{count} {one if count == 1 else many}"
        since = f" since {_moment(row.asked_at)}" if row.asked_at else ""
        further = f", goes to {_next_in_line(row)} on {_moment(row.escalate_at)}" if row.escalate_at else ""
        workflow.set_current_details(
            f"Waiting for {whom} of step {row.step}{since}{further}, expires on {_moment(row.expires_at)} (UTC)."
        )
        show(row.status, row.asked_of or AskedOf.MERCHANT, row.expires_at)

    @workflow.query(name=STATE_QUERY, description="The order's row as the process last saw it.")
    def state(self) -> AttestationRow | None:
        return self._row

    # -- operators -----------------------------------------------------------------------------------------------------

    @workflow.update(description="Mail those who are asked once more.")
    async def remind(self, act: RemindByOperator) -> AttestationRow:
        row = self._newest
        command = RemindAttesters(order_id=row.order_id, step=row.step, so_far=row.reminders, actor=act.claimed)
        return self._take(await self._do(record_attestation_reminder, command, "Remind, by an operator"))

    @workflow.update(description="Move every deadline by this much, as in PT4H or P2D.")
    async def extend(self, act: ExtendByOperator) -> AttestationRow:
        row = self._newest
        command = ExtendAttestation(order_id=row.order_id, by=act.by, due=row.expires_at, actor=act.claimed)
        return self._take(await self._do(extend_attestation, command, "Extend, by an operator"))

    @workflow.update(description="Take the order back before it is decided.")
    async def withdraw(self, act: WithdrawByOperator) -> AttestationRow:
        command = WithdrawOrder(order_id=self._order.order_id, actor=act.claimed)
        return self._take(await self._do(withdraw_order, command, "Withdraw, by an operator"))

    @workflow.update(description="Attest or decline for the merchant, where policy allows it here.")
    async def decide(self, act: DecideByOperator) -> AttestationRow:
        command = DecideAttestation(
            order_id=self._order.order_id,
            step=self._newest.step,
            decision=act.decision,
            reason=act.reason,
            actor=act.claimed,
        )
        return self._take(await self._do(decide_attestation, command, "Decide, by an operator"))

    @remind.validator
    def _may_remind(self, act: RemindByOperator) -> None:
        self._must_wait()

    @extend.validator
    def _may_extend(self, act: ExtendByOperator) -> None:
        self._must_wait()

    @withdraw.validator
    def _may_withdraw(self, act: WithdrawByOperator) -> None:
        self._must_wait()

    @decide.validator
    def _may_decide(self, act: DecideByOperator) -> None:
        row = self._must_wait()
        if not row.decide_in_temporal:
            raise ApplicationError(
                "Policy does not allow decisions in the Temporal UI.", type="decision-not-allowed-here"
            )
        if row.asked_of is not AskedOf.MERCHANT:
            raise ApplicationError("The order has not come to the merchant.", type="order-not-with-merchant")
        if act.decision == "decline" and not act.reason:
            raise ApplicationError("Say why it is declined.", type="reason-missing")

    def _must_wait(self) -> AttestationRow:
        if self._row is None or self._row.status is not OrderStatus.AWAITING_ATTESTATION:
            raise ApplicationError("The order does not wait for a decision.", type="order-not-awaiting-attestation")
        return self._row


def _next_in_line(row: AttestationRow) -> str:
    return "the administrators" if row.asked_of is AskedOf.ATTESTERS else "the merchant"


def _moment(at: datetime | None) -> str:
    return f"{at:%a %d %b %H:%M}" if at else "an unknown time"


def _words(status: OrderStatus) -> str:
    return status.value.replace("_", " ")
