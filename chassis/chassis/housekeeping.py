"""What grows is cut, and what comes round is done: outbox partitions, inbox rows, stored answers, a service's own duties."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.clock import now
from chassis.database import Database
from chassis.http.idempotency import prune_answers
from chassis.inbox import prune_inbox
from chassis.outbox import maintain_outbox

Duty = Callable[[AsyncSession, datetime], Awaitable[None]]
"""Something that comes due by the clock alone: a key to rotate, a price list that lapsed. Safe to repeat."""


async def keep_house(database: Database, duties: Sequence[Duty] = ()) -> None:
    """Run at every migration, and every few minutes by the leading relay."""
    at = now()
    async with database.engine.begin() as connection:
        await maintain_outbox(connection, at.date())
    async with database.transaction() as session:
        await prune_inbox(session, at)
        await prune_answers(session, at)
    for duty in duties:
        async with database.transaction() as session:
            await duty(session, at)
