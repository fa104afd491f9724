"""Writes a row for every event of every service."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from chassis.consumers import Delivery, Handler, Subscription, merged
from contracts.catalogue import events, topics
from contracts.pricing.states import AssigneeKind
from contracts.shared.envelope import Envelope
from contracts.shared.event import Event
from identity.activity_log.models import Door, activity_table

_LOG = insert(activity_table).on_conflict_do_nothing()


async def log_activity(delivery: Delivery, event: Event) -> None:
    """Who, when, what, by which door, and for which company, where there is one."""
    envelope = delivery.envelope
    row = {
        "event_id": envelope.id,
        "happened_at": envelope.time,
        "type": envelope.type,
        "actor": envelope.actor,
        "door": door_of(envelope),
        "company_id": company_of(event),
        "subject": envelope.subject,
        "correlation_id": envelope.correlation_id,
        "source": event.topic.owner,
    }
    delivery.inserts.add(_LOG, row)


def door_of(envelope: Envelope) -> Door:
    """Consumers hand the actor on, so what follows from an act has come in by the same door.

    Every request has a correlation id, and none has a cause among events and processes; the clock has neither.
    """
    match (envelope.actor or "").partition(":")[0]:
        case "staff" | "member" | "contact":
            return Door.API
        case "process":
            return Door.PROCESS
        case "operator":
            return Door.OPERATOR
        case "" if envelope.correlation_id and not envelope.causation_id:
            return Door.API
        case _:
            return Door.SYSTEM


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
