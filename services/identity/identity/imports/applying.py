"""Does what was previewed, in batches, each one transaction that also notes how far the import has come.

So a worker that is killed loses its batch and nothing else, and the next one goes on there. Only the import that was asked
for first is worked on, by one worker at a time: of two that name the same thing the later one wins.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson
from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.context import Cause, caused_by
from chassis.database import Database
from chassis.errors import DomainError
from chassis.service import Resources
from identity.imports.columns import refusal_by
from identity.imports.kinds import KINDS
from identity.imports.models import Import, ImportStatus, Outcome, Refused, Settled, import_rows

log = logging.getLogger(__name__)

APPLIED_WITHIN = timedelta(days=7)
"""After it was sent; companies and people have moved on since."""
KEPT = timedelta(days=30)
"""An import with its rows, which are personal data."""
_OF_A_ROW = (DomainError, IntegrityError, DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)
"""What one row can be refused by; anything else concerns all of them."""


async def apply_imports(database: Database, _resources: Resources, at: datetime) -> bool:
    """Background work: does the next rows of one import; False if there is none.

    Where a rule refuses one of them, or somebody else was faster, they are done one by one.
    """
    try:
        return await _do(database, at)
    except _OF_A_ROW:
        log.info("rows of an import are applied one by one")
    async with database.transaction() as session:
        due = await _due(session)
        alone = await _next_rows(session, due, KINDS[due.kind].batch) if due else []
    for _ in alone:
        try:
            await _do(database, at, alone=True)
        except _OF_A_ROW as error:
            await _refuse_next(database, error)
    return True


async def _do(database: Database, at: datetime, *, alone: bool = False) -> bool:
    async with database.transaction() as session:
        due = await _due(session)
        if due is None:
            return False
        kind = KINDS[due.kind]
        rows = await _next_rows(session, due, 1 if alone else kind.batch)
        with caused_by(Cause(correlation_id=due.correlation_id, actor=due.applied_by)):
            settled = await kind.settle(session, [orjson.loads(row.values) for row in rows], at) if rows else []
        await _note(session, due, rows, settled)
        if not rows:
            due.complete(at)
    database.waker.committed()
    return True


async def _due(session: AsyncSession) -> Import | None:
    """The import that was asked for first, locked; None: there is none, or somebody else works on it."""
    first = (
        select(Import.id).where(Import.status == ImportStatus.APPLYING).order_by(Import.apply_at, Import.id).limit(1)
    )
    return await session.scalar(
        select(Import)
        .where(Import.id == first.scalar_subquery(), Import.status == ImportStatus.APPLYING)
        .with_for_update(skip_locked=True)
    )


async def _next_rows(session: AsyncSession, due: Import, most: int) -> Sequence[Any]:
    of = import_rows.c
    found = await session.execute(
        select(of.row, of.outcome, of["values"].label("values"))
        .where(of.import_id == due.id, of.row > due.applied_through, of.outcome != Outcome.REFUSED.value)
        .order_by(of.row)
        .limit(most)
    )
    return found.all()


async def _note(session: AsyncSession, due: Import, rows: Sequence[Any], settled: Sequence[Settled]) -> None:
    """Only what came out otherwise than foretold is written to the rows."""
    for row, become in zip(rows, settled, strict=True):
        foretold = Outcome(row.outcome)
        if become.outcome is foretold:
            continue
        due.recount(foretold, become.outcome)
        refused = become.refused or Refused(None, None, None)  # type: ignore[arg-type]
        await session.execute(
            update(import_rows)
            .where(import_rows.c.import_id == due.id, import_rows.c.row == row.row)
            .values(
                outcome=become.outcome.value,
                fields=orjson.dumps(become.fields).decode() if become.fields else None,
                code=refused.code,
                column=refused.column,
                detail=refused.detail,
            )
        )
    if rows:
        due.advance(rows[-1].row, len(rows))


async def _refuse_next(database: Database, error: Exception) -> None:
    if isinstance(error, DomainError):
        refused = refusal_by(error)
    elif isinstance(error, IntegrityError | asyncpg.IntegrityConstraintViolationError):
        refused = Refused("conflict", None, "somebody else made the same at this moment")
    else:
        refused = Refused("cell-malformed", None, "a value of it can not be stored")
    async with database.transaction() as session:
        due = await _due(session)
        if due is not None:
            await _note(session, due, await _next_rows(session, due, 1), [Settled.refusing(refused)])


async def forget_imports(session: AsyncSession, at: datetime) -> None:
    """A duty: gives up what was never applied, and deletes old imports with their rows."""
    given_up = await session.scalars(
        select(Import)
        .where(Import.status == ImportStatus.PREVIEWED, Import.begun_at < at - APPLIED_WITHIN)
        .limit(10)
        .with_for_update(skip_locked=True)
    )
    for one in given_up.all():
        one.fail("import-expired", "It was not applied in time.")
        await session.execute(delete(import_rows).where(import_rows.c.import_id == one.id))
    ended = or_(Import.status == ImportStatus.APPLIED, Import.status == ImportStatus.FAILED)
    old = select(Import.id).where(Import.begun_at < at - KEPT, ended).limit(10)
    await session.execute(delete(Import).where(Import.id.in_(old)))
