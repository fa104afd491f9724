"""I2: every event had its effect once at everyone who reads it."""

from collections import Counter
from typing import Any

from checker.facts import Facts
from checker.findings import Findings, finding
from checker.kafka import Record

_MAILS = {
    "countersign.orders.order.submitted.v1": ("order-received",),
    "countersign.orders.order.placed.v1": ("order-placed-merchant",),
    "countersign.orders.order.confirmed.v1": ("order-confirmed",),
    "countersign.orders.order.cancelled.v1": ("order-cancelled",),
}
"""Mails that follow from an event alone, of orders that a member submitted."""
_PROJECTIONS = (
    ("orders", "companies", "countersign.identity.company.state"),
    ("orders", "members", "countersign.identity.member.state"),
    ("notifications", "contacts", "countersign.identity.contact.state"),
)
_SOURCES = (
    ("identity", "companies", "countersign.identity.company.state"),
    ("identity", "members", "countersign.identity.member.state"),
    ("identity", "contacts", "countersign.identity.contact.state"),
    ("orders", "orders", "countersign.orders.order.state"),
)


def check(facts: Facts) -> Findings:
    yield from _inbox(facts)
    yield from _activity(facts)
    yield from _mails(facts)
    yield from _sources(facts)
    yield from _projections(facts)


def _inbox(facts: Facts) -> Findings:
    """Whoever reads an event topic has every event of it in its inbox, or parked."""
    seen = {(service, str(row["event_id"])) for service, row in facts.databases.everywhere("inbox")}
    parked = {
        (service, f"{row['topic']}/{row['partition']}/{row['offset']}")
        for service, row in facts.databases.everywhere("parked")
    }
    seen |= {(service, str(row["event_id"])) for service, row in facts.databases.everywhere("parked")}
    readers = {(group.topic, group.service) for group in facts.groups}
    for event in facts.events:
        for topic, service in readers:
            if topic == event.topic and (service, event.id) not in seen and (service, event.place) not in parked:
                yield finding(
                    "I2", "event-not-handled", f"{service} never handled {event.type} {event.place}", service, event.id
                )


def _handled(facts: Facts, service: str) -> set[str]:
    """Events that the service says it has handled; those that it parked are looked at elsewhere."""
    parked = {str(row["event_id"]) for row in facts.databases.rows(service, "parked")}
    return {str(row["event_id"]) for row in facts.databases.rows(service, "inbox")} - parked


def _activity(facts: Facts) -> Findings:
    """Identity logs every event of every service: the effect that can be counted."""
    handled = _handled(facts, "identity")
    logged = Counter(str(row["event_id"]) for row in facts.databases.rows("identity", "activity"))
    published = {event.id: event for event in facts.events if event.type in facts.contract.payloads}
    for event_id, event in published.items():
        if event_id in handled and not logged[event_id]:
            yield finding("I2", "effect-lost", f"identity handled {event.type} and did not log it", event_id)
        elif logged[event_id] > 1:
            yield finding("I2", "effect-twice", f"{event.type} was logged {logged[event_id]} times", event_id)
    later = {
        str(row["event_id"])
        for _, row in facts.databases.everywhere("outbox")
        if row["published_at"] is None or row["published_at"] > facts.read_at
    }
    for event_id in logged.keys() - published.keys() - later:
        yield finding("I2", "effect-of-nothing", "activity of an event that was never published", event_id)


def _mails(facts: Facts) -> Findings:
    """Notifications opens a delivery for each event that is mailed about."""
    handled = _handled(facts, "notifications")
    opened = Counter(row["notification"] for row in facts.databases.rows("notifications", "deliveries"))
    for event in facts.events:
        if event.id not in handled or event.body.get("contact_id") is None:
            continue
        for template in _MAILS.get(event.type, ()):
            notification = f"event/{event.id}/{template}"
            if opened[notification] != 1:
                what = f"notifications handled {event.type} and opened {opened[notification]} deliveries"
                yield finding("I2", "mail-count", what, notification)


def _last_states(facts: Facts, topic: str) -> dict[str, Record]:
    last: dict[str, Record] = {}
    for record in facts.records:
        if record.topic == topic and record.key is not None:
            last[record.key.decode(errors="replace")] = record
    return last


def _sources(facts: Facts) -> Findings:
    """What a state topic says last is what the owner's row says."""
    for service, table, topic in _SOURCES:
        last = _last_states(facts, topic)
        for row in facts.databases.rows(service, table):
            state = last.get(str(row["id"]))
            if state is None or state.sequence != row["sequence"]:
                found = state.sequence if state else None
                yield finding(
                    "I2", "state-stale", f"{topic} is at {found}, the row at {row['sequence']}", topic, row["id"]
                )
            else:
                yield from _differences(row, state, f"{service}.{table}")


def _projections(facts: Facts) -> Findings:
    """A copy is at the last state of each key, and says the same."""
    for service, table, topic in _PROJECTIONS:
        last = {key: record for key, record in _last_states(facts, topic).items() if record.value is not None}
        rows = {row["key"]: row for row in facts.databases.rows(service, table)}
        for key in last.keys() | rows.keys():
            row, state = rows.get(key), last.get(key)
            if row is None or state is None or row["sequence"] != state.sequence:
                at, of = row and row["sequence"], state and state.sequence
                yield finding("I2", "projection-stale", f"{service}'s {table} is at {at} of {of}", service, table, key)
            else:
                yield from _differences(row, state, f"{service}'s {table}")


def _differences(row: dict[str, Any], state: Record, where: str) -> Findings:
    """Compares what both have under the same name, as far as it is written the same way; times are not."""
    for name, said in state.body.items():
        plain = name in row and isinstance(said, str | int) and not name.endswith("_at")
        if plain and str(row[name]) != str(said):
            what = f"{where}: {name} is {row[name]}, published {said}"
            yield finding("I2", "state-differs", what, where, state.header("ce_subject"), name)
