"""The steps of an account approval that identity carries out. Each answers with what stands in the row."""

from contextlib import suppress

from chassis.context import act_as
from chassis.errors import Conflict
from chassis.processes import ActivityEntry, implements
from contracts.identity import activities as stubs
from identity.applications import approving, commands
from identity.applications.models import Application

PROCESS = "process"


def _by(actor: str) -> None:
    """Names the operator where one acted; the process itself is named already."""
    if actor != PROCESS:
        act_as(actor)


def to_row(application: Application) -> stubs.ApplicationRow:
    clocks = application.policy
    return stubs.ApplicationRow(
        application_id=application.id,
        number=application.number,
        company_id=application.company_id,
        company_number=application.company_number,
        contact_id=application.contact_id,
        sequence=application.sequence,
        status=application.status,
        since=application.since,
        mode=application.mode,
        question=application.question,
        answered=application.answered,
        question_due_at=application.question_due_at,
        remind_at=application.remind_at,
        reminders=application.reminders,
        decision=application.decision,
        price_list=application.price_list,
        returned=application.returned,
        after_approval=application.after_approval,
        rejection=application.rejection,
        policy=stubs.ApprovalPolicy(
            remind_reviewer_after=clocks.remind_reviewer_after,
            remind_applicant_after=clocks.remind_applicant_after,
            withdraw_after=clocks.withdraw_after,
            decide_in_temporal=clocks.decide_in_temporal,
        ),
    )


@implements(stubs.read_application)
async def read_application(entry: ActivityEntry, command: stubs.ApplicationRef) -> stubs.ApplicationRow:
    async with entry.transaction() as session:
        return to_row(await commands.lock_application(session, command.application_id))


@implements(stubs.record_application_reminder)
async def record_application_reminder(entry: ActivityEntry, command: stubs.RemindAbout) -> stubs.ApplicationRow:
    _by(command.actor)
    async with entry.transaction() as session:
        return to_row(await commands.remind(session, command.application_id, command.reminder, entry.now))


@implements(stubs.return_to_reviewer)
async def return_to_reviewer(entry: ActivityEntry, command: stubs.ReturnToReviewer) -> stubs.ApplicationRow:
    async with entry.transaction() as session:
        returned = await commands.return_to_reviewer(
            session, command.application_id, command.decision, command.reason, entry.now
        )
        return to_row(returned)


@implements(stubs.approve_application)
async def approve_application(entry: ActivityEntry, command: stubs.ApproveApplication) -> stubs.ApplicationRow:
    async with entry.transaction() as session:
        approved = await approving.approve_application(session, command.application_id, command.decision, entry.now)
        return to_row(approved)


@implements(stubs.withdraw_application)
async def withdraw_application(entry: ActivityEntry, command: stubs.WithdrawApplication) -> stubs.ApplicationRow:
    """An answer, an extension or a decision a moment before stands."""
    _by(command.actor)
    async with entry.transaction() as session:
        if command.question is not None:
            withdrawn = await commands.withdraw_for_silence(
                session, command.application_id, command.question, command.due_at, entry.now
            )
        else:
            with suppress(Conflict):
                await commands.withdraw_application(session, command.application_id, command.reason, entry.now)
            withdrawn = await commands.lock_application(session, command.application_id)
        return to_row(withdrawn)


@implements(stubs.extend_application)
async def extend_application(entry: ActivityEntry, command: stubs.ExtendApplication) -> stubs.ApplicationRow:
    """A decision a moment before stands."""
    _by(command.actor)
    async with entry.transaction() as session:
        with suppress(Conflict):
            await commands.extend(session, command.application_id, command.until)
        return to_row(await commands.lock_application(session, command.application_id))


@implements(stubs.decide_application)
async def decide_application(entry: ActivityEntry, command: stubs.DecideApplication) -> stubs.ApplicationRow:
    _by(command.actor)
    async with entry.transaction() as session:
        decided = await commands.decide(
            session,
            commands.Decide(
                command.application_id, command.decision, command.verdict, command.reason, actor=command.actor
            ),
            entry.now,
        )
        return to_row(decided)


activities = [
    read_application,
    record_application_reminder,
    return_to_reviewer,
    approve_application,
    withdraw_application,
    extend_application,
    decide_application,
]
