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
    """One attempt at each of some queued mails that are due; True when there were any."""
    return bool(await attempt(database, resources[Post], partial(claim_due, at=at, limit=AT_ONCE), at=at))
