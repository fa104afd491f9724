"""The activity log as CSV (ID-22). Cells are hostile input to a spreadsheet: none is a formula."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Row

from chassis.database import Database
from chassis.spreadsheets import cell_of
from identity.activity_log.queries import Position, Wanted, activity

COLUMNS = (
    "id", "event_id", "happened_at", "type", "actor", "door", "company_id", "subject", "correlation_id", "source",
)  # fmt: skip
AT_ONCE = 1_000


async def csv_rows(database: Database, wanted: Wanted) -> AsyncIterator[str]:
    """Latest first, in parts, so that any number of rows takes little memory.

    Each part takes a connection for its query only: who reads slowly keeps none from others.
    """
    yield _lines([COLUMNS])
    after: Position | None = None
    while True:
        async with database.reading() as connection:
            rows = await activity(connection, wanted, limit=AT_ONCE, after=after)
        yield _lines([_cells(row) for row in rows])
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].happened_at, rows[-1].id


def _cells(row: Row[Any]) -> Sequence[str]:
    return [cell_of(getattr(row, name)) for name in COLUMNS]


def _lines(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
