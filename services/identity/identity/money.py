"""Amounts of money that identity keeps: the column of one, and what is a limit."""

from typing import Annotated, Any

from pydantic import AfterValidator
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from contracts.shared.values import Money


class MoneyType(TypeDecorator[Money]):
    """An amount in its currency, in one column."""

    impl = JSONB(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Money | None, dialect: Dialect) -> Any:
        return None if value is None else value.model_dump(mode="json")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Money | None:
        return None if value is None else Money.model_validate(value)


def _not_negative(limit: Money) -> Money:
    if limit.amount < 0:
        raise ValueError("must not be negative")
    return limit


SpendingLimit = Annotated[Money, AfterValidator(_not_negative)]
"""The most that a member may order for. Orders enforces it."""
CreditLimit = Annotated[Money, AfterValidator(_not_negative)]
"""The most that a customer may owe. It is kept and published, and not enforced: what is owed is known to the ERP, and what
may be ordered is limited by orders."""
