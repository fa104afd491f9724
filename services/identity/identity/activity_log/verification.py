"""Is the activity log what it was when it was sealed? Reads all of it, some thousand rows at a time (ID-22)."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.activity_log.chain import BEGINNING, hash_after
from identity.activity_log.models import activity_table, seals_table, unsealed_table
from identity.activity_log.queries import Head

PAGE = 5_000
SPAN = 100_000
"""Ids that one statement looks through for rows without a seal."""

_activity, _seals, _unsealed = activity_table.c, seals_table.c, unsealed_table.c


class Broken(ValueError):
    """The log is not what was sealed; the message says where, and why."""


@dataclass(frozen=True)
class Verified:
    head: Head
    waiting: int
    """Rows that are not sealed yet; a moment later they are."""
    kept_at: int | None
    """The position of the head that was kept elsewhere; None: there is none to compare with."""


async def verify(connection: AsyncConnection, kept: bytes | None = None) -> Verified:
    """
    Args:
        kept: a head that was kept elsewhere.

    Raises:
        Broken: at the first position that is not what it was, or the head that was kept is not in the chain.
    """
    last, kept_at = await _follow(connection, kept)
    await _see_all_are_sealed(connection)
    waiting = await connection.scalar(select(func.count()).select_from(unsealed_table)) or 0
    if kept is not None and kept_at is None:
        raise Broken(
            f"The head {kept.hex()} is not in the chain of {last.position} rows, which is whole in itself: rows at its end "
            "were removed since this head was kept, or the chain was made anew."
        )
    return Verified(last, waiting, kept_at)


async def _follow(connection: AsyncConnection, kept: bytes | None) -> tuple[Head, int | None]:
    """From the first seal to the last; and the position of the head that was kept, if it is met."""
    position, before = 0, BEGINNING
    kept_at = 0 if kept == BEGINNING else None
    page = (
        select(_seals.position, _seals.activity_id, _seals.hash, activity_table)
        .join_from(seals_table, activity_table, _activity.id == _seals.activity_id, isouter=True)
        .order_by(_seals.position)
        .limit(PAGE)
    )
    while rows := (await connection.execute(page.where(_seals.position > position))).all():
        for row in rows:
            position += 1
            if row.position != position:
                raise _broken(position, f"its seal is missing, the next one is at {row.position}")
            if row.id is None:
                raise _broken(position, f"row {row.activity_id} was removed")
            before = hash_after(before, row)
            if row.hash != before:
                raise _broken(
                    position, f"row {row.id} is not what was sealed here: changed, exchanged, moved or inserted"
                )
            if before == kept:
                kept_at = position
    return Head(position, before), kept_at


def _broken(position: int, why: str) -> Broken:
    return Broken(f"The chain is broken at position {position}: {why}. The {position - 1} rows before it verify.")


async def _see_all_are_sealed(connection: AsyncConnection) -> None:
    """Every row is sealed or waits for it, and every row that waits is there."""
    left_out = (
        select(func.min(_activity.id))
        .join_from(activity_table, seals_table, _seals.activity_id == _activity.id, isouter=True)
        .join(unsealed_table, _unsealed.activity_id == _activity.id, isouter=True)
        .where(_seals.activity_id.is_(None), _unsealed.activity_id.is_(None))
    )
    first, last = (await connection.execute(select(func.min(_activity.id), func.max(_activity.id)))).one()
    for begin in range(first or 0, (last or -1) + 1, SPAN):
        span = left_out.where(_activity.id >= begin, _activity.id < begin + SPAN)
        if (row := await connection.scalar(span)) is not None:
            raise Broken(
                f"Row {row} is in no position, and does not wait for one: it was inserted, or its seal was removed."
            )
    gone = (
        select(func.min(_unsealed.activity_id))
        .join_from(unsealed_table, activity_table, _activity.id == _unsealed.activity_id, isouter=True)
        .where(_activity.id.is_(None))
    )
    if (row := await connection.scalar(gone)) is not None:
        raise Broken(f"Row {row} was removed before it was sealed.")
