"""Entry point: queued mails, sent and tried again by the worker itself."""

from datetime import datetime
from functools import partial

from chassis.database import Database
from chassis.service import Resources
from notifications.deliveries.commands import claim_due
from notifications.deliveries.sending import Post, attempt

AT_ONCE = 16
"""Queued mails that are begun together. Those that are sent and not yet noted when a worker dies are sent again."""


async def send_due(database: Database, resources: Resources, at: datetime) -> bool:
    """Background work: some queued mails. Those that come meanwhile wait for the next round, so that they go out together."""
    return await attempt_due(database, resources[Post], at) == AT_ONCE


async def attempt_due(database: Database, post: Post, at: datetime) -> int:
    """One attempt at each of some queued mails that are due; at how many."""
    return len(await attempt(database, post, partial(claim_due, at=at, limit=AT_ONCE), at=at))
