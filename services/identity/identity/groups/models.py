"""A customer group: what companies and contacts have in common, and their conditions by default."""

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from contracts.identity.events import GroupChanged, GroupCreated, GroupRemoved
from contracts.shared.values import Money
from identity.money import MoneyType


class Group(Aggregate):
    """Named by its code. Its price lists are its terms in pricing."""

    __tablename__ = "groups"

    code: Mapped[str] = mapped_column(Text, unique=True)
    names: Mapped[dict[str, str]]
    """Per language."""
    sales_representative: Mapped[str | None] = mapped_column(Text)
    pays_by_invoice: Mapped[bool | None]
    invoice_days: Mapped[int | None]
    credit_limit: Mapped[Money | None] = mapped_column(MoneyType)
    active: Mapped[bool]
    """False: who is in it stays, and nobody joins it."""
    created_at: Mapped[datetime]

    def create(self) -> None:
        """Said once, of a new one."""
        self.record(GroupCreated(**self._refs()))

    def change(self, values: dict[str, Any]) -> None:
        """Companies that are in it keep what they were given."""
        if changed := self.assign(values):
            self.record(GroupChanged(**self._refs(), fields=changed))

    def remove(self) -> None:
        """Said of one that nobody is in, before it goes."""
        self.record(GroupRemoved(**self._refs()))

    def _refs(self) -> dict[str, Any]:
        return {"group_id": self.id, "code": self.code}
