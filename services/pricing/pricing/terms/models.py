"""Terms: which price lists one contact, one company or one group has been given."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate, Base
from contracts.pricing.events import TermsGiven, TermsLapsed, TermsTakenBack
from contracts.pricing.states import AssigneeKind, TermsState, terms_key


class Terms(Aggregate):
    """The price lists of one assignee. Changes of `has_valid_price_list` are what identity waits for (PR-04), of companies
    and groups: a contact's list lets him order, and leaves the status of his companies as it is."""

    __tablename__ = "terms"
    __table_args__ = (UniqueConstraint("assignee_kind", "assignee"),)

    assignee_kind: Mapped[AssigneeKind]
    assignee: Mapped[str] = mapped_column(Text)
    """The contact's or company's id, or the group's code."""
    price_lists: Mapped[list[str]]
    """Their codes, in the order given."""
    has_valid_price_list: Mapped[bool]
    """One that is valid now and not the base list is among them."""

    @property
    def key(self) -> str:
        return terms_key(self.assignee_kind, self.assignee)

    def give(self, price_list: str, valid: Sequence[str]) -> bool:
        """False if it was given already. `valid`: those of its lists, this one included, that count now."""
        if price_list in self.price_lists:
            return False
        self.price_lists = [*self.price_lists, price_list]
        self.has_valid_price_list = bool(valid)
        self.record(TermsGiven(assignee_kind=self.assignee_kind, assignee=self.assignee, price_list=price_list))
        return True

    def take_back(self, price_list: str, valid: Sequence[str]) -> bool:
        """False if it does not have it. `valid`: those of its remaining lists that count now."""
        if price_list not in self.price_lists:
            return False
        self.price_lists = [code for code in self.price_lists if code != price_list]
        self.has_valid_price_list = bool(valid)
        self.record(TermsTakenBack(assignee_kind=self.assignee_kind, assignee=self.assignee, price_list=price_list))
        return True

    def note(self, *, has_valid_price_list: bool) -> None:
        """The validity of a list began or ended."""
        if has_valid_price_list != self.has_valid_price_list:
            self.has_valid_price_list = has_valid_price_list
            self.record(TermsLapsed(assignee_kind=self.assignee_kind, assignee=self.assignee))

    def state(self) -> TermsState:
        return TermsState(
            assignee_kind=self.assignee_kind,
            assignee=self.assignee,
            price_lists=tuple(self.price_lists),
            has_valid_price_list=self.has_valid_price_list,
        )


class AssignedList(Base):
    """One list of one assignee, from when it was given until it was taken back."""

    __tablename__ = "assigned_lists"
    __table_args__ = (
        Index(
            "uq_assigned_lists_current", "assignee", "assignee_kind", "list_number", unique=True,
            postgresql_where=text("recorded_until IS NULL"),
        ),
        Index("ix_assigned_lists_assignee", "assignee", "assignee_kind"),
        Index("ix_assigned_lists_list", "list_number"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    assignee_kind: Mapped[AssigneeKind]
    assignee: Mapped[str] = mapped_column(Text)
    list_number: Mapped[int] = mapped_column(Integer)
    recorded_from: Mapped[datetime]
    recorded_until: Mapped[datetime | None]
