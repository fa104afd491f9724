"""Entry point: queued mails, sent and tried again by the worker itself."""

import asyncio
from datetime import datetime
from functools import partial

from opentelemetry import propagate

from chassis.context import Cause, caused_by
from chassis.database import Database
from chassis.errors import Invalid, NotYet
from chassis.service import Resources
from notifications.deliveries.commands import claim_due, lock_delivery, record_failure
from notifications.deliveries.models import Delivery
from notifications.deliveries.sending import Post, send_delivery, tracer

AT_ONCE = 5
"""Queued mails that one worker carries at the same time."""


async def send_due(database: Database, resources: Resources, at: datetime) -> bool:
    """One attempt at each of a few queued mails that are due; True when there were any."""
    async with database.transaction() as session:
        due = await claim_due(session, at=at, limit=AT_ONCE)
    outcomes = await asyncio.gather(
        *(_attempt(database, resources[Post], delivery, at) for delivery in due), return_exceptions=True
    )
    for outcome in outcomes:
        if outcome is not None:
            raise outcome
    return bool(due)


async def _attempt(database: Database, post: Post, delivery: Delivery, at: datetime) -> None:
    because = Cause(delivery.cause["correlation_id"], delivery.cause["causation_id"], "notifications")
    traceparent = delivery.cause["traceparent"]
    parent = propagate.extract({"traceparent": traceparent} if traceparent else {})
    with caused_by(because), tracer.start_as_current_span("deliver", context=parent, record_exception=False):
        if delivery.is_too_old(at):
            return await _give_up(database, delivery, "too-old", at)
        try:
            await send_delivery(database, post, partial(lock_delivery, delivery_id=delivery.id), at=at)
        except NotYet:
            return None  # the delivery says why, and when it is tried again
        except Invalid as error:
            return await _give_up(database, delivery, error.code, at)


async def _give_up(database: Database, delivery: Delivery, reason: str, at: datetime) -> None:
    async with database.transaction() as session:
        await record_failure(session, delivery.id, reason=reason, at=at)
