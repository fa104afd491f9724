"""Seals the rows of the activity log, in the background.

Consumers write rows side by side, and do not wait for each other: the chain is in the order of sealing. A row that
commits late is sealed later; until then it stands in `activity_unsealed`, so that none is passed over.
"""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database
from chassis.service import Resources
from identity.activity_log.chain import hash_after
from identity.activity_log.models import activity_table, unsealed_table
from identity.activity_log.queries import head

BLOCK = 2_000
"""Rows that are sealed together: some 15 ms of hashing, for which the worker's other work waits."""

_WAITING = text("SELECT EXISTS (SELECT FROM activity_unsealed)")
_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('activity seals', 0))")
_UNSEALED = (
    select(activity_table)
    .join(unsealed_table, unsealed_table.c.activity_id == activity_table.c.id)
    .order_by(unsealed_table.c.activity_id)
    .limit(BLOCK)
)
_SEAL = text(
    """
    INSERT INTO activity_seals (position, activity_id, hash)
    SELECT * FROM unnest(CAST(:positions AS bigint[]), CAST(:rows AS bigint[]), CAST(:hashes AS bytea[]))
    """
)
_NO_LONGER_WAIT = text("DELETE FROM activity_unsealed WHERE activity_id = ANY(CAST(:rows AS bigint[]))")


async def seal_activity(database: Database, _resources: Resources, _at: datetime) -> bool:
    """Background work: seals some rows; False if none wait, or another worker seals now."""
    async with database.reading() as connection:
        if not await connection.scalar(_WAITING):
            return False
    async with database.transaction() as session:
        if not await session.scalar(_ALONE):
            return False
        return await seal_some(session) == BLOCK


async def seal_some(session: AsyncSession) -> int:
    """How many were sealed. The caller is the only one."""
    rows = (await session.execute(_UNSEALED)).all()
    if rows:
        last = await head(session)
        hashes, before = [], last.hash
        for row in rows:
            before = hash_after(before, row)
            hashes.append(before)
        ids = [row.id for row in rows]
        positions = list(range(last.position + 1, last.position + 1 + len(rows)))
        await session.execute(_SEAL, {"positions": positions, "rows": ids, "hashes": hashes})
        await session.execute(_NO_LONGER_WAIT, {"rows": ids})
    return len(rows)
