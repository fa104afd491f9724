"""Many new aggregates at once: their rows and the events that they recorded, copied in the transaction of the session.

A session would insert them one by one. What they decide and record is the same: they are made by the same methods.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.aggregate import Aggregate
from chassis.hot import driver_of, in_transaction
from chassis.outbox import Recorded, outbox_rows, outbox_table


async def insert_new(session: AsyncSession, aggregates: Sequence[Aggregate]) -> None:
    """Aggregates of one class with every column set, none of them in the session. The relay is not woken by the commit."""
    if not aggregates:
        return
    table: Any = type(aggregates[0]).__table__
    names = [column.name for column in table.columns]
    await copy_into(session, table, names, ([vars(one).get(name) for name in names] for one in aggregates))
    recorded: list[Recorded] = []
    for one in aggregates:
        recorded += one.drain()
    rows = outbox_rows(recorded)
    await copy_into(session, outbox_table, list(rows[0]), (row.values() for row in rows))


async def copy_into(session: AsyncSession, table: Table, names: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """COPY of at least one row, with values as the columns' types write them."""
    connection = await in_transaction(session)
    written = []
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        process = table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        written.append([process(value) for value in values] if process else values)
    records = zip(*written, strict=True)
    await driver_of(connection).copy_records_to_table(table.name, columns=names, records=records)
