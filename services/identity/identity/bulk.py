"""Many new aggregates at once: their rows and the events that they recorded, copied in the transaction of the session.

A session would insert them one by one. What they decide and record is the same: they are made by the same methods.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Dialect, Table, text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.aggregate import Aggregate
from chassis.hot import driver_of, in_transaction
from chassis.outbox import Recorded, outbox_rows, outbox_table
from identity.ahead import make_ahead

SLICE = 250
"""Aggregates that are made while PostgreSQL writes those before."""
_PLANS = text("SELECT set_config('plan_cache_mode', :mode, true)")


@dataclass(frozen=True)
class _Copy:
    """Rows as the driver takes them."""

    table: Table
    names: Sequence[str]
    records: Sequence[tuple[Any, ...]]

    @classmethod
    def of(cls, table: Table, names: Sequence[str], rows: Iterable[Iterable[Any]], dialect: Dialect) -> "_Copy":
        """Of at least one row, with values as the columns' types write them."""
        written = []
        for name, values in zip(names, zip(*rows, strict=True), strict=True):
            process = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
            written.append([process(value) for value in values] if process else values)
        return cls(table, names, list(zip(*written, strict=True)))

    async def write(self, driver: Any) -> None:
        await driver.copy_records_to_table(self.table.name, columns=self.names, records=self.records)


async def insert_new(session: AsyncSession, aggregates: Iterable[Aggregate]) -> None:
    """Aggregates of one class with every column set, none of them in the session. The relay is not woken by the commit.

    Args:
        aggregates: may be made as they are asked for; a thread asks.
    """
    driver, dialect = await _begun(session)

    async def write(copies: Sequence[_Copy]) -> None:
        for one in copies:
            await one.write(driver)

    await make_ahead(_slices(iter(aggregates), dialect), write)


def _slices(aggregates: Iterator[Aggregate], dialect: Dialect) -> Iterator[Sequence[_Copy]]:
    while some := list(islice(aggregates, SLICE)):
        table: Any = type(some[0]).__table__
        names = [column.name for column in table.columns]
        recorded: list[Recorded] = []
        for one in some:
            recorded += one.drain()
        events = outbox_rows(recorded)
        yield (
            _Copy.of(table, names, (map(vars(one).get, names) for one in some), dialect),
            _Copy.of(outbox_table, list(events[0]), (row.values() for row in events), dialect),
        )


async def copy_into(session: AsyncSession, table: Table, names: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """COPY of at least one row, with values as the columns' types write them."""
    driver, dialect = await _begun(session)
    await _Copy.of(table, names, rows, dialect).write(driver)


@asynccontextmanager
async def planned_anew(session: AsyncSession) -> AsyncIterator[None]:
    """For statements that look for many rows at once. The plan that PostgreSQL would keep for them knows neither how many they
    are nor what has come since: while an empty table is filled, it goes through all of it for every one of them."""
    await session.execute(_PLANS, {"mode": "force_custom_plan"})
    yield
    await session.execute(_PLANS, {"mode": "auto"})  # what checks foreign keys would plan for each row


async def _begun(session: AsyncSession) -> tuple[Any, Dialect]:
    """The driver's own connection, in the transaction of the session."""
    connection = await in_transaction(session)
    return driver_of(connection), connection.dialect
