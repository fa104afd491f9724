"""The application: a request for a B2B account, from submission to decision, and the events that it records."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Sequence, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.aggregate import Aggregate, Base
from chassis.errors import Conflict, Forbidden
from chassis.metadata import metadata_of
from contracts.identity.activities import ApplicationStatus
from contracts.identity.process_events import (
    ApplicationApproved,
    ApplicationAssigned,
    ApplicationExtended,
    ApplicationRejected,
    ApplicationReminded,
    ApplicationReturned,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    ApprovalProposed,
    ApprovalRequested,
    ProposalRetracted,
    QuestionAnswered,
    QuestionAsked,
    Reminded,
    WithdrawnBecause,
)
from contracts.identity.values import AfterApproval, RegistrationMode, RejectionReason
from contracts.shared.values import Language, Money
from identity.policies import ApprovalPolicy

application_numbers = Sequence("application_numbers", metadata=metadata_of("identity"))

OPEN = frozenset({ApplicationStatus.WAITING, ApplicationStatus.ASKED, ApplicationStatus.APPROVING})
FOR_PEOPLE = frozenset({ApplicationStatus.WAITING, ApplicationStatus.ASKED})
"""It can be decided and withdrawn; not while the terms of a decision are being given."""


class Question(Base):
    """One question of the merchant and its answer. The texts are personal data and stay here."""

    __tablename__ = "application_questions"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]


class Application(Aggregate):
    """What happens next and when is in the row; the process `account-approval/<number>` only waits and acts."""

    __tablename__ = "applications"
    __table_args__ = (
        Index("ix_applications_status", "status", "id"),
        Index("ix_applications_company_id", "company_id"),
        Index("ix_applications_submitted_at", "submitted_at", "id"),
        Index("ix_applications_since", "since", "id"),
        Index("ix_applications_reviewer", "reviewer", "status", "id"),
    )

    number: Mapped[str] = mapped_column(Text, unique=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"))
    company_number: Mapped[str] = mapped_column(Text)
    """Of the company when it applied: what the process is searched by."""
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"))
    storefront: Mapped[str] = mapped_column(Text)
    language: Mapped[Language]
    mode: Mapped[RegistrationMode]
    after_approval: Mapped[AfterApproval]
    clocks: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The approval policy as it stood at submission."""
    submitted_at: Mapped[datetime]

    status: Mapped[ApplicationStatus]
    since: Mapped[datetime]
    question: Mapped[int] = mapped_column(default=0)
    question_due_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0)
    reviewer: Mapped[UUID | None]
    """Who of the staff looks after it; None: nobody yet."""
    proposals: Mapped[int] = mapped_column(default=0)
    """Number of the last approval that was proposed."""
    proposed: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The `conditions` and `price_list` of an approval that waits for a second person."""
    proposed_by: Mapped[str | None] = mapped_column(Text)
    """Of the proposal that waits, or of the one that was confirmed."""
    proposed_at: Mapped[datetime | None]
    decision: Mapped[int] = mapped_column(default=0)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    conditions: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What an approval gives: customer number, groups, sales representative, invoice terms, credit limit."""
    price_list: Mapped[str | None] = mapped_column(Text)
    returned: Mapped[str | None] = mapped_column(Text)
    """Code: why the last decision could not be carried out."""
    rejection: Mapped[RejectionReason | None]
    comment: Mapped[str | None] = mapped_column(Text)
    withdrawn_because: Mapped[WithdrawnBecause | None]
    closed_at: Mapped[datetime | None]

    questions: Mapped[list[Question]] = relationship(
        order_by=Question.number, lazy="selectin", cascade="all, delete-orphan"
    )

    @property
    def policy(self) -> ApprovalPolicy:
        return ApprovalPolicy.model_validate(self.clocks)

    @property
    def answered(self) -> int:
        """Number of the last question that was answered."""
        return max((one.number for one in self.questions if one.answered_at), default=0)

    @property
    def waiting_proposal(self) -> int | None:
        """Number of the approval that waits for a second person."""
        return self.proposals if self.proposed is not None else None

    def submit(self) -> None:
        """Said once, of a new application."""
        self._move_to(ApplicationStatus.WAITING, self.submitted_at)
        self.record(
            ApplicationSubmitted(
                **self._ids,
                contact_id=self.contact_id,
                company_number=self.company_number,
                storefront=self.storefront,
                mode=self.mode,
                submitted_at=self.submitted_at,
            )
        )

    # -- who reviews it ------------------------------------------------------------------------------------------------

    def give_to(self, reviewer: UUID | None, at: datetime) -> None:
        """Given to one of the staff, or to nobody. Does nothing when it is so already.

        Raises:
            Conflict: it is closed.
        """
        if self.status not in OPEN:
            raise self._not_waiting()
        if self.reviewer != reviewer:
            self.reviewer = reviewer
            self.record(ApplicationAssigned(**self._ids, reviewer=reviewer, assigned_at=at))

    # -- the dialogue ------------------------------------------------------------------------------------------------

    def ask(self, text: str, *, by: str, at: datetime) -> None:
        """The merchant wants to know more. Silence past the deadline ends the application (ID-09).

        Raises:
            Conflict: it does not wait for the merchant, or a proposal waits for a second person.
        """
        if self.status is not ApplicationStatus.WAITING:
            raise self._not_waiting()
        self._check_nothing_proposed()
        self.question += 1
        self.questions.append(Question(number=self.question, text=text, asked_by=by, asked_at=at))
        self._move_to(ApplicationStatus.ASKED, at)
        self.record(QuestionAsked(**self._ids, question=self.question, asked_at=at))

    def answer(self, question: int, text: str, at: datetime) -> None:
        """The applicant's answer to the open question; the first one counts.

        Raises:
            Conflict: `question-answered`, or `question-closed` when nobody waits for the answer any more.
        """
        asked = self.asked(question)
        if asked.answered_at is not None:
            raise Conflict("question-answered", "This question was answered already.")
        if self.status is not ApplicationStatus.ASKED or question != self.question:
            raise Conflict("question-closed", "Nobody waits for this answer any more.")
        asked.answer, asked.answered_at = text, at
        self._move_to(ApplicationStatus.WAITING, at)
        self.record(QuestionAnswered(**self._ids, question=question, answered_at=at))

    def asked(self, question: int) -> Question:
        """
        Raises:
            Conflict: it was never asked.
        """
        for one in self.questions:
            if one.number == question:
                return one
        raise Conflict("question-closed", "Nobody waits for this answer any more.")

    # -- the decision ------------------------------------------------------------------------------------------------

    def say_yes(self, conditions: dict[str, Any], price_list: str | None, *, by: str, at: datetime) -> None:
        """A reviewer's yes: it decides, or proposes where terms like these need two people.

        Raises:
            Conflict: it is not open for a decision, or a proposal waits already.
        """
        self._check_for_people()
        self._check_nothing_proposed()
        limit = conditions["credit_limit"]
        two = self.policy.needs_second(
            pays_by_invoice=bool(conditions["pays_by_invoice"]),
            invoice_days=conditions["invoice_days"],
            credit_limit=limit and Money.model_validate(limit),
        )
        act = self.propose_approval if two else self.request_approval
        act(conditions, price_list, by=by, at=at)

    def propose_approval(self, conditions: dict[str, Any], price_list: str | None, *, by: str, at: datetime) -> None:
        """The first yes of two. It waits as before, and its clocks go on."""
        self.proposals += 1
        self.proposed = {"conditions": conditions, "price_list": price_list}
        self.proposed_by, self.proposed_at = by, at
        self.record(ApprovalProposed(**self._ids, proposal=self.proposals, proposed_at=at))

    def confirm(self, proposal: int, *, by: str, at: datetime) -> None:
        """The second yes, to what this proposal gives and to nothing else.

        Raises:
            Conflict: it is not open for a decision, or this proposal does not wait.
            Forbidden: who proposed does not confirm.
        """
        self._check_for_people()
        proposed = self._waiting_proposal(proposal)
        if by == self.proposed_by:
            raise Forbidden("second-person-needed", "Somebody else than who proposed it must confirm.")
        first = self.proposed_by, self.proposed_at
        self.request_approval(proposed["conditions"], proposed["price_list"], by=by, at=at)
        self.proposed_by, self.proposed_at = first

    def retract(self, proposal: int, at: datetime) -> None:
        """The proposal is gone; the application waits for another decision.

        Raises:
            Conflict: this proposal does not wait.
        """
        self._waiting_proposal(proposal)
        self._forget_proposal()
        self.record(ProposalRetracted(**self._ids, proposal=proposal, retracted_at=at))

    def request_approval(self, conditions: dict[str, Any], price_list: str | None, *, by: str, at: datetime) -> None:
        """The merchant said yes; the process gives the terms and then comes back with `approve`.

        Raises:
            Conflict: it is not open for a decision.
        """
        self._decide(by, at)
        self.conditions, self.price_list = conditions, price_list
        self._move_to(ApplicationStatus.APPROVING, at)
        self.record(ApprovalRequested(**self._ids, decision=self.decision))

    def return_to_reviewer(self, decision: int, reason: str, at: datetime) -> None:
        """The decision could not be carried out. Does nothing when it is not this decision that is carried out."""
        if self._carries_out(decision):
            self.returned = reason
            self._move_to(ApplicationStatus.WAITING, at)
            self.record(ApplicationReturned(**self._ids, decision=decision, reason=reason))

    def approve(self, decision: int, at: datetime) -> bool:
        """The terms are given: it is done. False when it is not this decision that is carried out."""
        if not self._carries_out(decision):
            return False
        self._close(ApplicationStatus.APPROVED, at)
        self.record(
            ApplicationApproved(
                **self._ids,
                decision=decision,
                approved_at=at,
                after_approval=self.after_approval,
                price_list=self.price_list,
            )
        )
        return True

    def reject(self, reason: RejectionReason, comment: str | None, *, by: str, at: datetime) -> None:
        """The merchant said no; the applicant is told the coded reason, the comment stays inside.

        Raises:
            Conflict: it is not open for a decision.
        """
        self._decide(by, at)
        self.rejection, self.comment = reason, comment
        self._close(ApplicationStatus.REJECTED, at)
        self.record(ApplicationRejected(**self._ids, decision=self.decision, rejected_at=at, reason=reason))

    def withdraw(self, because: WithdrawnBecause, at: datetime) -> None:
        """It ends without a decision. Withdrawn twice, it is withdrawn once.

        Raises:
            Conflict: it was decided, or a decision is being carried out.
        """
        if self.status is ApplicationStatus.WITHDRAWN:
            return
        self._check_for_people()
        self._forget_proposal()
        self.withdrawn_because = because
        self._close(ApplicationStatus.WITHDRAWN, at)
        self.record(ApplicationWithdrawn(**self._ids, reason=because, withdrawn_at=at))

    # -- the clock ---------------------------------------------------------------------------------------------------

    def remind(self, reminder: int, at: datetime) -> None:
        """Notes that a reminder goes out; does nothing when it did, or when nobody is waited for.

        The reviewer is reminded again and again, the applicant once per question.
        """
        if self.status not in FOR_PEOPLE or reminder <= self.reminders:
            return
        self.reminders = reminder
        whom = Reminded.REVIEWER if self.status is ApplicationStatus.WAITING else Reminded.APPLICANT
        self.remind_at = at + self.policy.remind_reviewer_after if whom is Reminded.REVIEWER else None
        self.record(ApplicationReminded(**self._ids, whom=whom, reminded_at=at))

    def extend(self, until: datetime) -> None:
        """Moves the deadline of the open question, or the next reminder of the reviewer.

        Raises:
            Conflict: nobody is waited for.
        """
        if self.status is ApplicationStatus.ASKED and self.question_due_at != until:
            self.question_due_at = until
        elif self.status is ApplicationStatus.WAITING and self.remind_at != until:
            self.remind_at = until
        elif self.status not in FOR_PEOPLE:
            raise self._not_waiting()
        else:
            return
        self.record(ApplicationExtended(**self._ids, due_at=until))

    # -- inside ------------------------------------------------------------------------------------------------------

    @property
    def _ids(self) -> dict[str, Any]:
        return {"application_id": self.id, "number": self.number, "company_id": self.company_id}

    def _carries_out(self, decision: int) -> bool:
        return self.status is ApplicationStatus.APPROVING and self.decision == decision

    def _check_for_people(self) -> None:
        if self.status not in FOR_PEOPLE:
            raise self._not_waiting()

    def _check_nothing_proposed(self) -> None:
        if self.proposed is not None:
            raise Conflict(
                "approval-proposed",
                "An approval waits for a second person: confirm it, take it back or reject the application.",
                facts={"proposal": self.proposals},
            )

    def _waiting_proposal(self, proposal: int) -> dict[str, Any]:
        if self.proposed is None or proposal != self.proposals:
            raise Conflict("proposal-gone", "This proposal does not wait for anybody.")
        return self.proposed

    def _forget_proposal(self) -> None:
        self.proposed = self.proposed_by = self.proposed_at = None

    def _decide(self, by: str, at: datetime) -> None:
        self._check_for_people()
        self._forget_proposal()
        self.decision += 1
        self.decided_by, self.decided_at, self.returned = by, at, None

    def _not_waiting(self) -> Conflict:
        return Conflict(
            "application-not-waiting",
            f"The application is {self.status.value}.",
            facts={"application_status": self.status.value},
        )

    def _close(self, status: ApplicationStatus, at: datetime) -> None:
        self._move_to(status, at)
        self.closed_at = at

    def _move_to(self, status: ApplicationStatus, at: datetime) -> None:
        """With the clocks of the new status, absolute, from the policy copied at submission."""
        waits: timedelta | None = {
            ApplicationStatus.WAITING: self.policy.remind_reviewer_after,
            ApplicationStatus.ASKED: self.policy.remind_applicant_after,
        }.get(status)
        self.status, self.since, self.reminders = status, at, 0
        self.remind_at = at + waits if waits else None
        self.question_due_at = at + self.policy.withdraw_after if status is ApplicationStatus.ASKED else None
