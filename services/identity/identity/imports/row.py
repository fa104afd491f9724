"""A row on its way, and what each kind of import does with its rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.shared.values import Money
from identity.imports.columns import Columns
from identity.imports.models import Refused, Settled

Said = Mapping[str, Any]
"""What a row says, as JSON has it; without the columns that its file lacks."""


class Kind(Protocol):
    """What can be imported.

    Attributes:
        batch: rows per transaction.
    """

    columns: Columns
    batch: int

    def key(self, said: Said) -> str | Refused:
        """By which a row is known."""

    async def settle(self, session: AsyncSession, rows: Sequence[Said], at: datetime | None) -> list[Settled]:
        """What becomes of each of these rows, whose keys differ; done at a time, or with None only foretold.

        Raises:
            DomainError: a rule refuses one of them; then nothing counts.
        """


def money(said: Any) -> Money | None:
    """An amount that a row says."""
    return None if said is None else Money.model_validate(said)


def differing(thing: Any, values: Said) -> tuple[str, ...]:
    """The names under which it has something else. Space around a text makes no difference: cells lose it."""
    return tuple(name for name, value in values.items() if _bare(getattr(thing, name)) != _bare(value))


def _bare(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    return [_bare(one) for one in value] if isinstance(value, list) else value
