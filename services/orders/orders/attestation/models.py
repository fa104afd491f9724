"""The attestation part of an order: its rule, who was asked and when, and its deadlines. One aggregate with the order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from contracts.orders.events import AttestationExtended, AttestationReminded, AttestersAsked
from contracts.orders.values import AskedOf, AttestationRule, OrderStatus
from orders.attestation.attesters import LINE, who_is_asked
from orders.buyers.models import Member
from orders.orders.gate import MatchedRule
from orders.policies import AttestationPolicy


class Attestation(Aggregate):
    """Columns and moves of an order that waits for its company. What is done to a step that is over does nothing."""

    __abstract__ = True

    status: Mapped[OrderStatus]
    company_id: Mapped[UUID]
    member_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    location_id: Mapped[UUID | None]
    """Of the company's locations; None: for the company as a whole (ID-18)."""

    rule: Mapped[AttestationRule | None]
    """Why it waits, frozen at submission; None: it need not be attested."""
    rule_value: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    rule_limit: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    step: Mapped[int] = mapped_column(default=0)
    """Raised each time it goes further in line; 0: nobody is to be asked."""
    asked_of: Mapped[AskedOf | None]
    asked_at: Mapped[datetime | None]
    """When the step began."""
    askings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    """Who was asked and when: `{step, asked_of, at, members: [{member_id, contact_id}]}`; the last says who decides now."""
    reminders: Mapped[int] = mapped_column(default=0)
    """In this step."""
    remind_after: Mapped[timedelta | None] = mapped_column(Interval)
    remind_at: Mapped[datetime | None]
    to_administrators_at: Mapped[datetime | None]
    to_merchant_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    decide_in_temporal: Mapped[bool] = mapped_column(default=False)
    attested_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    """When the company, or the merchant for it, said yes or no."""
    decided_by: Mapped[UUID | None]
    """The member; None: the merchant, or nobody yet."""
    decided_for: Mapped[UUID | None]
    """The member that was away, in whose place he decided; None: in his own right."""
    decision_comment: Mapped[str | None] = mapped_column(Text)
    """Why it was declined, in the attester's words."""

    def facts(self) -> dict[str, Any]:
        """What every event of an order names."""
        raise NotImplementedError

    def start_waiting(
        self, rule: MatchedRule, policy: AttestationPolicy, members: Sequence[Member], at: datetime
    ) -> None:
        """Freezes the rule and the deadlines, and asks the first in line."""
        self.rule = rule.rule
        self.rule_value = rule.value.amount
        self.rule_limit = rule.limit.model_dump(mode="json") if rule.limit else None
        self.remind_after = policy.remind_after
        self.to_administrators_at = at + policy.escalate_after
        self.to_merchant_at = at + policy.merchant_after
        self.expires_at = at + policy.expire_after
        self.decide_in_temporal = policy.decide_in_temporal
        self.step = 0
        self.askings = []
        self._ask(AskedOf.ATTESTERS, members, at)

    def ask_again(self, members: Sequence[Member], at: datetime) -> None:
        """Asks those who may decide since the company's members changed; if nobody is left, the next in line."""
        if self.status is OrderStatus.AWAITING_ATTESTATION and self.asked_of not in (None, AskedOf.MERCHANT):
            assert self.asked_of is not None
            if self._ask(self.asked_of, members, at):
                self._record_asking()

    def escalate(self, step: int, due: datetime, members: Sequence[Member], at: datetime) -> None:
        """Goes to the next in line, if `due` is still this step's deadline (OR-06)."""
        if self.status is not OrderStatus.AWAITING_ATTESTATION or step != self.step or due != self.escalate_at:
            return
        assert self.asked_of is not None
        self._ask(LINE[LINE.index(self.asked_of) + 1], members, at)
        self._record_asking()

    def remind(self, step: int, so_far: int, at: datetime) -> None:
        """Notes that those asked in `step` are reminded now, unless there were more reminders than `so_far` already."""
        if self.status is not OrderStatus.AWAITING_ATTESTATION or (step, so_far) != (self.step, self.reminders):
            return
        self.reminders += 1
        self.remind_at = None
        self.record(AttestationReminded(**self.facts(), step=step, reminded_at=at))

    def extend(self, by: timedelta, due: datetime) -> None:
        """Moves every deadline, so that those asked have that much longer; not if `due` is not the expiry any more."""
        if self.status is not OrderStatus.AWAITING_ATTESTATION or self.expires_at is None or self.expires_at != due:
            return
        self.expires_at += by
        self.remind_at = self.remind_at + by if self.remind_at else None
        self.to_administrators_at = self.to_administrators_at + by if self.to_administrators_at else None
        self.to_merchant_at = self.to_merchant_at + by if self.to_merchant_at else None
        self.record(AttestationExtended(**self.facts(), expires_at=self.expires_at))

    @property
    def escalate_at(self) -> datetime | None:
        """When it goes to the next in line; None: there is nobody further."""
        if self.asked_of is AskedOf.ATTESTERS:
            return self.to_administrators_at
        return self.to_merchant_at if self.asked_of is AskedOf.ADMINISTRATORS else None

    @property
    def asked(self) -> tuple[UUID, ...]:
        """The contacts who were asked and may decide now."""
        return tuple(UUID(one["contact_id"]) for one in self.askings[-1]["members"]) if self.askings else ()

    def _ask(self, first: AskedOf, members: Sequence[Member], at: datetime) -> bool:
        """False: the same people are asked already."""
        place, found = who_is_asked(self, members, first)
        if place is self.asked_of and {one.contact_id for one in found} == set(self.asked):
            return False
        if place is not self.asked_of:
            self.step += 1
            self.asked_of = place
            self.asked_at = at
            self.reminders = 0
            self.remind_at = self._reminder_from(at)
        people = [{"member_id": str(one.member_id), "contact_id": str(one.contact_id)} for one in found]
        asking = {"step": self.step, "asked_of": place.value, "at": at.isoformat(), "members": people}
        self.askings = [*self.askings, asking]
        return True

    def _reminder_from(self, at: datetime) -> datetime | None:
        if self.escalate_at is None or self.remind_after is None:
            return None  # with the merchant: what is left is its own list of waiting orders
        reminder = at + self.remind_after
        return reminder if reminder < self.escalate_at else None

    def _record_asking(self) -> None:
        assert self.asked_of is not None
        self.record(AttestersAsked(**self.facts(), step=self.step, asked_of=self.asked_of, contacts=self.asked))
