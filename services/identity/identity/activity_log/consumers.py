"""Writes a row for every event of every service."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from chassis.consumers import Delivery, Handler, Subscription, merged
from contracts.catalogue import events, topics
from contracts.pricing.states import AssigneeKind
from contracts.shared.event import Event
from identity.activity_log.models import activity_table

_LOG = insert(activity_table).on_conflict_do_nothing()


async def log_activity(delivery: Delivery, event: Event) -> None:
    """Who, when, what, and for which company, where there is one."""
    envelope = delivery.envelope
    row = {
        "event_id": envelope.id,
        "happened_at": envelope.time,
        "type": envelope.type,
        "actor": envelope.actor,
        "company_id": company_of(event),
        "subject": envelope.subject,
        "correlation_id": envelope.correlation_id,
        "source": event.topic.owner,
    }
    delivery.inserts.add(_LOG, row)


def company_of(event: Event) -> UUID | None:
    """The company that an event is about; None: it is about none, or about a group or a contact."""
    company_id: Any = getattr(event, "company_id", None)
    if company_id is None and getattr(event, "assignee_kind", None) is AssigneeKind.COMPANY:
        company_id = UUID(getattr(event, "assignee", ""))
    return company_id if isinstance(company_id, UUID) else None


def _also(handler: Handler) -> Handler:
    async def log_and_handle(delivery: Delivery, event: Any) -> None:
        await log_activity(delivery, event)
        await handler(delivery, event)

    return log_and_handle


def with_activity_log(subscriptions: Sequence[Subscription]) -> list[Subscription]:
    """These subscriptions, and the activity log beside them: one consumer per topic, so each event is claimed once."""
    handlers: dict[type[Event], Handler] = {}
    for subscription in merged(subscriptions):
        handlers.update((event, _also(handler)) for event, handler in subscription.handlers.items())
    logged = []
    for topic in topics():
        if not topic.compacted:
            types: Mapping[type[Event], Handler] = {
                event: handlers.get(event, log_activity) for event in events.values() if event.topic == topic
            }
            logged.append(Subscription(topic, types, unhurried=not handlers.keys() & types.keys()))
    return logged
