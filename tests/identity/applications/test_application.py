"""An application moves only as it may; its clocks are absolute and from the policy that it was submitted under."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict
from chassis.ids import new_id
from contracts.identity.activities import ApplicationStatus
from contracts.identity.process_events import ApplicationReminded, QuestionAnswered, QuestionAsked, WithdrawnBecause
from contracts.identity.values import AfterApproval, RegistrationMode, RejectionReason
from contracts.shared.values import Language
from identity.applications.models import OPEN, Application
from identity.policies import ApprovalPolicy

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = ApprovalPolicy(remind_reviewer_after=2 * DAY, remind_applicant_after=3 * DAY, withdraw_after=14 * DAY)
S = ApplicationStatus


def application() -> Application:
    one = Application(
        id=new_id(),
        sequence=0,
        number="A-000001",
        company_id=new_id(),
        company_number="C-000001",
        contact_id=new_id(),
        storefront="nl",
        language=Language.DUTCH,
        mode=RegistrationMode.MANUAL,
        after_approval=AfterApproval.INVITE,
        clocks=POLICY.model_dump(mode="json"),
        submitted_at=AT,
        question=0,
        proposals=0,
        decision=0,
        questions=[],
    )
    one.submit()
    return one


def test_a_new_application_waits_for_the_merchant_and_says_when_he_is_reminded():
    one = application()
    assert (one.status, one.remind_at, one.question_due_at) == (S.WAITING, AT + 2 * DAY, None)


def test_a_question_sets_the_clock_of_the_applicant_and_his_answer_that_of_the_merchant():
    one = application()
    one.ask("How many shops?", by="staff:1", at=AT + DAY)
    assert (one.status, one.remind_at, one.question_due_at) == (S.ASKED, AT + 4 * DAY, AT + 15 * DAY)
    one.answer(1, "Three.", AT + 2 * DAY)
    assert (one.status, one.remind_at, one.question_due_at) == (S.WAITING, AT + 4 * DAY, None)
    assert one.answered == 1


def test_the_texts_of_the_dialogue_are_in_no_event():
    one = application()
    one.ask("How many shops?", by="staff:1", at=AT)
    one.answer(1, "Three.", AT)
    events = [recorded.event for recorded in one.drain()]
    assert [type(event) for event in events[1:]] == [QuestionAsked, QuestionAnswered]
    assert not any(text in event.model_dump_json() for event in events for text in ("shops", "Three"))


def test_a_question_is_answered_once_and_not_after_it_was_closed():
    one = application()
    one.ask("How many shops?", by="staff:1", at=AT)
    with pytest.raises(Conflict, match="question-closed"):
        one.answer(2, "?", AT)
    one.answer(1, "Three.", AT)
    with pytest.raises(Conflict, match="question-answered"):
        one.answer(1, "Four.", AT)
    one.ask("Where?", by="staff:1", at=AT)
    one.reject(RejectionReason.OTHER, None, by="staff:1", at=AT)
    with pytest.raises(Conflict, match="question-closed"):
        one.answer(2, "Zwolle.", AT)


def test_a_reminder_that_was_recorded_is_not_recorded_again():
    one = application()
    one.remind(1, AT + 2 * DAY)
    one.remind(1, AT + 2 * DAY)
    assert (one.reminders, one.remind_at) == (1, AT + 4 * DAY)
    one.ask("How many shops?", by="staff:1", at=AT + 3 * DAY)
    one.remind(1, AT + 6 * DAY)
    assert (one.reminders, one.remind_at) == (1, None), "the applicant is reminded once per question"
    reminded = [recorded.event for recorded in one.drain() if isinstance(recorded.event, ApplicationReminded)]
    assert [event.whom for event in reminded] == ["reviewer", "applicant"]


def test_a_decision_that_could_not_be_carried_out_returns_and_can_be_taken_again():
    one = application()
    one.request_approval({}, "no-such-list", by="staff:1", at=AT)
    one.return_to_reviewer(1, "price-list-unknown", AT)
    assert (one.status, one.returned) == (S.WAITING, "price-list-unknown")
    one.request_approval({}, "b2b", by="staff:1", at=AT)
    one.return_to_reviewer(1, "late-echo", AT)
    assert not one.approve(1, AT), "an echo of the first decision does nothing"
    assert one.approve(2, AT)
    assert (one.status, one.returned) == (S.APPROVED, None)


STEPS = {
    "ask": lambda one: one.ask("?", by="staff:1", at=AT),
    "answer": lambda one: one.answer(one.question, "!", AT),
    "say yes": lambda one: one.request_approval({}, None, by="staff:1", at=AT),
    "return": lambda one: one.return_to_reviewer(one.decision, "price-list-unknown", AT),
    "approve": lambda one: one.approve(one.decision, AT),
    "reject": lambda one: one.reject(RejectionReason.CREDIT, None, by="staff:1", at=AT),
    "withdraw": lambda one: one.withdraw(WithdrawnBecause.STAFF, AT),
    "remind": lambda one: one.remind(one.reminders + 1, AT),
    "extend": lambda one: one.extend(AT + 30 * DAY),
}
LEADS_TO = {
    S.WAITING: {S.WAITING, S.ASKED, S.APPROVING, S.REJECTED, S.WITHDRAWN},
    S.ASKED: {S.ASKED, S.WAITING, S.APPROVING, S.REJECTED, S.WITHDRAWN},
    S.APPROVING: {S.APPROVING, S.WAITING, S.APPROVED},
}


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=15))
def test_whatever_is_tried_it_moves_only_as_it_may_and_what_is_closed_stays_closed(names):
    one = application()
    for name in names:
        before = one.status
        try:
            STEPS[name](one)
        except Conflict:
            assert one.status is before
        assert one.status in LEADS_TO.get(before, {before})
        assert (one.closed_at is None) == (one.status in OPEN)
        assert (one.question_due_at is not None) == (one.status is S.ASKED)
        assert one.remind_at is None or one.status in (S.WAITING, S.ASKED)
    sequences = [recorded.sequence for recorded in one.drain()]
    assert sequences == list(range(1, len(sequences) + 1))
