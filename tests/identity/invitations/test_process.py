"""Every branch of `InvitationAcceptance`, with the time skipped."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError

from chassis.ids import new_id
from contracts.identity import activities as stubs
from contracts.identity.activities import InvitationRow, InvitationStatus
from contracts.identity.processes import StartInvitationAcceptance, invitation_id
from contracts.notifications.activities import SendMail, Sent, Template, Undeliverable, send_mail
from contracts.shared.process import ROW_CHANGED, ExtendByOperator, RemindByOperator, RowChanged, WithdrawByOperator
from identity.invitations.workflows import InvitationAcceptanceWorkflow
from tests.processes import fake, record_history
from tests.waiting import eventually

REMIND, EXPIRE = timedelta(days=3), timedelta(days=14)
INVITER = new_id()


@dataclass
class Row:
    """The row behind the fake activities, changed as the commands change the real one."""

    now: datetime
    invited_by: UUID | None = INVITER
    remind_after: timedelta | None = REMIND
    undeliverable: bool = False
    row: InvitationRow = field(init=False)
    away: bool = False
    tried: list[Template] = field(default_factory=list)
    mails: list[SendMail] = field(default_factory=list)
    actors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.row = InvitationRow(
            invitation_id=new_id(),
            company_id=new_id(),
            company_number="C-000001",
            contact_id=new_id(),
            invited_by=self.invited_by,
            first_administrator=False,
            status=InvitationStatus.OPEN,
            issue=1,
            expires_at=self.now + EXPIRE,
            remind_at=self.now + self.remind_after if self.remind_after else None,
            reminders=0,
            sequence=1,
        )

    def change(self, **values) -> InvitationRow:
        self.row = self.row.model_copy(update={**values, "sequence": self.row.sequence + 1})
        return self.row

    def remind(self, command: stubs.RemindInvitee) -> InvitationRow:
        self.actors.append(command.actor)
        if self.row.status is InvitationStatus.OPEN and command.reminder > self.row.reminders:
            self.change(remind_at=None, reminders=command.reminder)
        return self.row

    def expire(self, command: stubs.InvitationAct) -> InvitationRow:
        if self.row.status is InvitationStatus.OPEN and command.issue == self.row.issue:
            self.change(status=InvitationStatus.EXPIRED)
        return self.row

    def extend(self, command: stubs.ExtendInvitation) -> InvitationRow:
        self.actors.append(command.actor)
        return self.change(expires_at=command.until)

    def revoke(self, command: stubs.InvitationAct) -> InvitationRow:
        self.actors.append(command.actor)
        return self.change(status=InvitationStatus.REVOKED)

    def send(self, mail: SendMail) -> Sent | Undeliverable:
        self.tried.append(mail.template)
        if self.away:
            raise OSError("the mail server is away")
        self.mails.append(mail)
        return Undeliverable(reason="unknown-user") if self.undeliverable else Sent()

    def fakes(self):
        return [
            fake(stubs.read_invitation, lambda _: self.row),
            fake(stubs.record_invitation_reminder, self.remind),
            fake(stubs.expire_invitation, self.expire),
            fake(stubs.extend_invitation, self.extend),
            fake(stubs.revoke_invitation, self.revoke),
            fake(send_mail, self.send),
        ]

    @property
    def sent(self) -> list[Template]:
        return [mail.template for mail in self.mails]


@dataclass
class Process:
    handle: WorkflowHandle
    row: Row

    async def changed(self, **values) -> None:
        """Somebody changed the row over HTTP, and its event reached the process."""
        row = self.row.change(**values)
        await self.handle.signal(ROW_CHANGED, RowChanged(sequence=row.sequence, status=row.status.value))

    async def mailed(self, count: int) -> None:
        """Until so many mails went out, while no time passes."""
        await self._until(lambda: len(self.row.mails) >= count)

    async def tried(self, count: int) -> None:
        await self._until(lambda: len(self.row.tried) >= count)

    async def asked_for(self, template: Template) -> None:
        await self._until(lambda: template in self.row.tried)

    async def ended_at(self) -> datetime:
        history = await self.handle.fetch_history()
        return history.events[-1].event_time.ToDatetime(UTC)

    async def _until(self, probe) -> None:
        async def answer() -> bool:
            return probe()

        await eventually(answer)


@pytest.fixture
def play(time_skipping):
    @asynccontextmanager
    async def start(**options):
        row = Row(await time_skipping.now(), **options)
        async with time_skipping.running(InvitationAcceptanceWorkflow, "identity", row.fakes()) as client:
            yield Process(await begin(client, row), row)

    return start


async def begin(client, row: Row) -> WorkflowHandle:
    start = StartInvitationAcceptance(invitation_id=row.row.invitation_id, company_number="C-000001")
    return await client.start_workflow(
        InvitationAcceptanceWorkflow.run, start, id=invitation_id(row.row.invitation_id), task_queue="identity"
    )


async def test_the_link_is_mailed_and_who_invited_hears_of_the_acceptance(play):
    async with play() as process:
        await process.mailed(1)
        await process.changed(status=InvitationStatus.ACCEPTED)
        await process.handle.result()
        await record_history(process.handle, "invitation-acceptance", "accepted")
    link, told = process.row.mails
    assert (link.template, link.contacts) == (Template.INVITATION, (process.row.row.contact_id,))
    assert link.link is not None
    assert link.link.issue == 1
    assert (told.template, told.contacts) == (Template.INVITATION_ACCEPTED_INVITER, (INVITER,))
    assert told.parameters == {"invitee": str(process.row.row.contact_id)}


async def test_an_invitation_by_the_merchant_is_told_to_the_merchant(play):
    async with play(invited_by=None) as process:
        await process.mailed(1)
        await process.changed(status=InvitationStatus.DECLINED)
        await process.handle.result()
        await record_history(process.handle, "invitation-acceptance", "declined")
    assert process.row.mails[-1].template is Template.INVITATION_DECLINED_INVITER
    assert process.row.mails[-1].contacts == ()


async def test_silence_is_reminded_once_and_then_expires(play):
    async with play() as process:
        await process.handle.result()
        passed = await process.ended_at() - process.row.now
        await record_history(process.handle, "invitation-acceptance", "expired")
    assert process.row.sent == [
        Template.INVITATION,
        Template.INVITATION_REMINDER,
        Template.INVITATION_EXPIRED_INVITER,
        Template.INVITATION_EXPIRED,
    ]
    assert EXPIRE - timedelta(minutes=1) <= passed <= EXPIRE + timedelta(minutes=1)
    assert len({mail.notification for mail in process.row.mails}) == 4


async def test_without_a_reminder_it_just_expires(play):
    async with play(remind_after=None) as process:
        await process.handle.result()
    assert Template.INVITATION_REMINDER not in process.row.sent


async def test_revoking_tells_the_invitee(play):
    async with play() as process:
        await process.mailed(1)
        await process.changed(status=InvitationStatus.REVOKED)
        await process.handle.result()
        await record_history(process.handle, "invitation-acceptance", "revoked")
    assert process.row.sent == [Template.INVITATION, Template.INVITATION_REVOKED]


async def test_resending_mails_the_next_link_and_starts_the_clock_again(play, time_skipping):
    async with play() as process:
        await process.mailed(1)
        await time_skipping.pass_time(timedelta(days=10))
        await process.mailed(2)
        now = await time_skipping.now()
        await process.changed(issue=2, reminders=0, remind_at=now + REMIND, expires_at=now + EXPIRE)
        await process.mailed(3)
        await process.handle.result()
        await record_history(process.handle, "invitation-acceptance", "resent")
    assert process.row.sent == [
        Template.INVITATION,
        Template.INVITATION_REMINDER,
        Template.INVITATION,
        Template.INVITATION_REMINDER,
        Template.INVITATION_EXPIRED_INVITER,
        Template.INVITATION_EXPIRED,
    ]
    assert [mail.link.issue for mail in process.row.mails if mail.link] == [1, 1, 2, 2]
    ended = await process.ended_at()
    assert now + EXPIRE <= ended <= now + EXPIRE + timedelta(minutes=1)


async def test_an_extended_invitation_expires_later(play):
    async with play(remind_after=None) as process:
        await process.mailed(1)
        until = process.row.row.expires_at + timedelta(days=7)
        await process.changed(expires_at=until)
        await process.handle.result()
        await record_history(process.handle, "invitation-acceptance", "extended")
    ended = await process.ended_at()
    assert until <= ended <= until + timedelta(minutes=1)


async def test_a_timer_obeys_an_answer_that_was_faster(play):
    """Nobody signalled: the row alone says that it was accepted."""
    async with play(remind_after=None) as process:
        await process.mailed(1)
        process.row.change(status=InvitationStatus.ACCEPTED)
        await process.handle.result()
        await record_history(process.handle, "invitation-acceptance", "accepted-at-expiry")
    assert process.row.sent == [Template.INVITATION, Template.INVITATION_ACCEPTED_INVITER]


async def test_a_mail_that_cannot_be_delivered_is_shown_and_the_process_waits_on(play):
    async with play(undeliverable=True) as process:
        await process.mailed(1)
        details = await eventually_shows(process.handle, "could not be delivered: unknown-user")
        assert "expires at" in details
        process.row.undeliverable = False
        await process.changed(status=InvitationStatus.ACCEPTED)
        await process.handle.result()
        await record_history(process.handle, "invitation-acceptance", "undeliverable")


async def eventually_shows(handle, text: str) -> str:
    async def details() -> str:
        shown = str(await handle.query("__temporal_workflow_metadata"))
        return shown if text in shown else ""

    return await eventually(details)


async def test_a_mail_server_that_is_away_holds_up_no_answer(play):
    """The sending goes on trying; the answer ends it, and is told."""
    async with play() as process:
        process.row.away = True
        await process.tried(2)
        await process.changed(status=InvitationStatus.ACCEPTED)
        await process.asked_for(Template.INVITATION_ACCEPTED_INVITER)
        process.row.away = False
        await process.handle.result()
        await record_history(process.handle, "invitation-acceptance", "accepted-while-mail-was-away")
    assert process.row.sent == [Template.INVITATION_ACCEPTED_INVITER]


async def test_a_process_that_finds_its_row_closed_ends_without_a_word(time_skipping):
    row = Row(await time_skipping.now())
    row.change(status=InvitationStatus.REVOKED)
    async with time_skipping.running(InvitationAcceptanceWorkflow, "identity", row.fakes()) as client:
        handle = await begin(client, row)
        await handle.result()
        await record_history(handle, "invitation-acceptance", "closed-before-it-began")
    assert row.mails == []


async def test_echoes_of_what_it_has_seen_do_nothing(play):
    async with play() as process:
        await process.mailed(1)
        for _ in range(3):
            await process.handle.signal(ROW_CHANGED, RowChanged(sequence=1, status="open"))
        await process.changed(status=InvitationStatus.ACCEPTED)
        await process.handle.result()
    assert len(process.row.mails) == 2


# -- operators ---------------------------------------------------------------------------------------------------------


async def test_an_operator_reminds_extends_and_withdraws_by_name(play):
    async with play() as process:
        await process.mailed(1)
        reminded = await process.handle.execute_update("remind", RemindByOperator(actor="Kim"))
        assert reminded["reminders"] == 1
        await process.mailed(2)
        before = process.row.row.expires_at
        await process.handle.execute_update("extend", ExtendByOperator(actor="Kim", by=timedelta(days=2)))
        assert process.row.row.expires_at == before + timedelta(days=2)
        await process.handle.execute_update("withdraw", WithdrawByOperator(actor="Kim"))
        await process.handle.result()
        await record_history(process.handle, "invitation-acceptance", "withdrawn-by-operator")
    assert process.row.actors == ["operator:Kim"] * 3
    assert process.row.sent == [Template.INVITATION, Template.INVITATION_REMINDER, Template.INVITATION_REVOKED]


@pytest.mark.parametrize(
    ("update", "command"),
    [("remind", {"actor": " "}), ("extend", {"actor": "Kim", "by": "PT0S"}), ("withdraw", {"actor": "x" * 81})],
)
async def test_an_update_without_a_name_or_sense_is_refused(play, update, command):
    async with play() as process:
        await process.mailed(1)
        with pytest.raises(WorkflowUpdateFailedError):
            await process.handle.execute_update(update, command)
        await process.handle.terminate()


async def test_the_state_can_be_asked(play):
    async with play() as process:
        await process.mailed(1)
        state = await process.handle.query(InvitationAcceptanceWorkflow.state)
        assert state == process.row.row
        await process.handle.terminate()
