"""The process of one invitation: mails the link, reminds, waits for an answer, and tells who must know of it."""

from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow

from contracts.identity.activities import (
    ExtendInvitation,
    InvitationAct,
    InvitationRef,
    InvitationRow,
    InvitationStatus,
    RemindInvitee,
    expire_invitation,
    extend_invitation,
    read_invitation,
    record_invitation_reminder,
    revoke_invitation,
)
from contracts.identity.processes import INVITATION_ACCEPTANCE, StartInvitationAcceptance
from contracts.identity.values import LinkPurpose
from contracts.notifications.activities import Link, SendMail, Sent, Template, Undeliverable, send_mail
from contracts.shared.activity import ActivityStub
from contracts.shared.process import (
    ROW_CHANGED,
    ExtendByOperator,
    RemindByOperator,
    RowChanged,
    WithdrawByOperator,
    show,
)

LOCAL = timedelta(seconds=10)
SHORTEST_WAIT = timedelta(seconds=1)
"""Between two looks at a deadline: the clock that set it may be a little ahead of ours."""
PROCESS = "process"

C = TypeVar("C")
Mailing = workflow.ActivityHandle[Sent | Undeliverable]


@workflow.defn(name=INVITATION_ACCEPTANCE)
class InvitationAcceptanceWorkflow:
    """Sees one invitation through to an answer, or to its expiry (ID-13)."""

    @workflow.init
    def __init__(self, start: StartInvitationAcceptance) -> None:
        self._ref = InvitationRef(invitation_id=start.invitation_id)
        self._row: InvitationRow | None = None
        self._announced = 0
        self._mailed = 0
        """The issue whose link was mailed last."""
        self._reminded = 0
        """Reminders of that issue that were mailed."""
        self._mails: list[Mailing] = []
        self._undeliverable: str | None = None

    @workflow.run
    async def run(self, start: StartInvitationAcceptance) -> None:
        row = await self._local(read_invitation, self._ref)
        if row.status is InvitationStatus.OPEN:
            row = await self._until_answered(row, start)
            self._show(
                row.status.value, "nobody", None, f"The invitation was {row.status.value}; mailing who must know."
            )
            await self._tell(row)
        self._show(row.status.value, "nobody", None, f"The invitation was {row.status.value}.")
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _until_answered(self, row: InvitationRow, start: StartInvitationAcceptance) -> InvitationRow:
        while row.status is InvitationStatus.OPEN:
            self._mail_invitee(row)
            await self._wait(row)
            if workflow.info().is_continue_as_new_suggested():
                self._stop_mailing()
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(start)
            row = self._current()
        self._stop_mailing()
        return row

    async def _wait(self, row: InvitationRow) -> None:
        """Until the row has moved on, or its next deadline is there; then the row is the newest."""
        due, next_step = (row.remind_at, "remind") if row.remind_at else (row.expires_at, "expire")
        self._show(row.status.value, "invitee", due, self._details(row))
        try:
            await workflow.wait_condition(
                lambda: max(self._announced, self._current().sequence) > row.sequence,
                timeout=max(due - workflow.now(), SHORTEST_WAIT),
                timeout_summary=f"{next_step} at {_at(due)}",
            )
        except TimeoutError:
            await self._act_on_deadline(row)
        if self._announced > self._current().sequence:
            self._announced = 0  # whatever was told, the row that is read now has the last word
            await self._local(read_invitation, self._ref)

    async def _act_on_deadline(self, row: InvitationRow) -> None:
        """The timer's command answers with what stands: somebody may have been faster."""
        if row.remind_at:
            await self._local(record_invitation_reminder, self._next_reminder(row))
        else:
            await self._local(expire_invitation, InvitationAct(invitation_id=row.invitation_id, issue=row.issue))

    def _next_reminder(self, row: InvitationRow, actor: str = PROCESS) -> RemindInvitee:
        return RemindInvitee(invitation_id=row.invitation_id, issue=row.issue, reminder=row.reminders + 1, actor=actor)

    # -- mails ---------------------------------------------------------------------------------------------------------

    def _mail_invitee(self, row: InvitationRow) -> None:
        """What the row says is due. Nobody waits for it: a mail server that is away holds up no answer, and shows."""
        about = f"invitation/{row.invitation_id}/{row.issue}"
        if row.issue > self._mailed:
            self._stop_mailing()  # an earlier link is dead
            self._mailed, self._reminded = row.issue, 0
            self._start_mail(row, Template.INVITATION, about)
        if row.reminders > self._reminded:
            self._reminded = row.reminders
            self._start_mail(row, Template.INVITATION_REMINDER, f"{about}/reminder-{row.reminders}")

    def _start_mail(self, row: InvitationRow, template: Template, notification: str) -> None:
        mail = SendMail(
            notification=notification,
            template=template,
            contacts=(row.contact_id,),
            link=Link(purpose=LinkPurpose.INVITATION, subject=row.invitation_id, issue=row.issue),
            parameters={"until": row.expires_at.isoformat()},
        )
        started = workflow.start_activity(send_mail, mail, summary=template.value, **send_mail.options)
        started.add_done_callback(self._note_delivery)
        self._mails.append(started)

    def _note_delivery(self, mail: Mailing) -> None:
        """One that is refused for good is shown to operators, who may put it right; the invitation waits on."""
        if not mail.cancelled() and mail.exception() is None:
            sent = mail.result()
            self._undeliverable = sent.reason if isinstance(sent, Undeliverable) else None
            workflow.set_current_details(self._details(self._current()))

    def _stop_mailing(self) -> None:
        for mail in self._mails:
            if not mail.done():
                mail.cancel()
        self._mails.clear()

    async def _tell(self, row: InvitationRow) -> None:
        """Who invited hears of the answer (the merchant, where nobody of the company did); the invitee that it is over."""
        inviter = () if row.invited_by is None else (row.invited_by,)
        about = f"invitation/{row.invitation_id}/{row.issue}"
        to_inviter = {
            InvitationStatus.ACCEPTED: Template.INVITATION_ACCEPTED_INVITER,
            InvitationStatus.DECLINED: Template.INVITATION_DECLINED_INVITER,
            InvitationStatus.EXPIRED: Template.INVITATION_EXPIRED_INVITER,
        }
        to_invitee = {
            InvitationStatus.REVOKED: Template.INVITATION_REVOKED,
            InvitationStatus.EXPIRED: Template.INVITATION_EXPIRED,
        }
        if template := to_inviter.get(row.status):
            await self._send(
                SendMail(
                    notification=f"{about}/{row.status.value}/inviter",
                    template=template,
                    contacts=inviter,
                    parameters={"invitee": str(row.contact_id)},
                )
            )
        if template := to_invitee.get(row.status):
            name = f"{about}/{row.status.value}/invitee"
            await self._send(SendMail(notification=name, template=template, contacts=(row.contact_id,)))

    async def _send(self, mail: SendMail) -> None:
        await workflow.execute_activity(send_mail, mail, summary=mail.template.value, **send_mail.options)

    # -- for people ----------------------------------------------------------------------------------------------------

    def _details(self, row: InvitationRow) -> str:
        remind = f"reminds at {_at(row.remind_at)}, " if row.remind_at else ""
        waiting = f"Waiting for an answer to link {row.issue} ({row.reminders} reminders sent); "
        refused = f" The last mail could not be delivered: {self._undeliverable}." if self._undeliverable else ""
        return f"{waiting}{remind}expires at {_at(row.expires_at)}.{refused}"

    def _show(self, state: str, waiting_for: str, due: datetime | None, details: str) -> None:
        workflow.set_current_details(details)
        show(state, waiting_for, due)

    @workflow.query(description="The invitation's row as the process last read it")
    def state(self) -> InvitationRow | None:
        return self._row

    # -- what changes the row ------------------------------------------------------------------------------------------

    def _current(self) -> InvitationRow:
        assert self._row is not None
        return self._row

    async def _local(self, step: ActivityStub[C, InvitationRow], command: C) -> InvitationRow:
        """A step in identity's own database; what it answers is the row. The highest sequence is the newest."""
        row: InvitationRow = await workflow.execute_local_activity(
            step, command, start_to_close_timeout=LOCAL, retry_policy=step.options["retry_policy"]
        )
        if self._row is None or row.sequence > self._row.sequence:
            self._row = row
        return self._row

    @workflow.signal(name=ROW_CHANGED, description="The row moved on (sent by identity's consumer)")
    def row_changed(self, change: RowChanged) -> None:
        self._announced = max(self._announced, change.sequence)

    @workflow.update(description="Remind the invitee now. actor: your name, recorded as claimed")
    async def remind(self, command: RemindByOperator) -> InvitationRow:
        reminder = self._next_reminder(self._current(), command.claimed)
        return await self._local(record_invitation_reminder, reminder)

    @workflow.update(description="Move the expiry. actor: your name, recorded as claimed; by: as in PT12H or P3D")
    async def extend(self, command: ExtendByOperator) -> InvitationRow:
        row, actor = self._current(), command.claimed
        until = row.expires_at + command.by
        return await self._local(
            extend_invitation, ExtendInvitation(invitation_id=row.invitation_id, until=until, actor=actor)
        )

    @workflow.update(description="Revoke the invitation. actor: your name, recorded as claimed")
    async def withdraw(self, command: WithdrawByOperator) -> InvitationRow:
        row, actor = self._current(), command.claimed
        return await self._local(
            revoke_invitation, InvitationAct(invitation_id=row.invitation_id, issue=row.issue, actor=actor)
        )

    @remind.validator
    def _may_remind(self, command: RemindByOperator) -> None:
        self._require_open()

    @extend.validator
    def _may_extend(self, command: ExtendByOperator) -> None:
        self._require_open()

    @withdraw.validator
    def _may_withdraw(self, command: WithdrawByOperator) -> None:
        self._require_open()

    def _require_open(self) -> None:
        if self._row is None or self._row.status is not InvitationStatus.OPEN:
            raise ValueError("the invitation is not open")


def _at(time: datetime | None) -> str:
    return f"{time:%a %Y-%m-%d %H:%M:%S} UTC" if time else "no time"
