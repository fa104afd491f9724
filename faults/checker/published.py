"""I7 and I2: what is committed is published, what is published was committed; parked events keep their bytes."""

import base64
from typing import Any

import orjson

from checker.facts import Facts
from checker.findings import Findings, finding

_CLOSED = frozenset({"countersign.identity.contact.state"})
"""Topics with personal data: parked by their place only, and once a person is erased the outbox keeps none of his, while
Kafka drops what came before his tombstone when it compacts."""


def check(facts: Facts) -> Findings:
    yield from _outbox(facts)
    yield from _parked(facts)


def _outbox(facts: Facts) -> Findings:
    by_id = {record.id: record for record in facts.records}
    forgotten = {
        (record.topic, record.key) for record in facts.records if record.topic in _CLOSED and record.value is None
    }
    committed: dict[str, dict[str, Any]] = {}
    for service, row in facts.databases.everywhere("outbox"):
        event_id = str(row["event_id"])
        committed[event_id] = row
        record = by_id.get(event_id)
        if row["parked_reason"]:
            yield finding("I7", "unpublishable", f"{service}: {row['type']}: {row['parked_reason']}", event_id)
        elif row["published_at"] is None or row["published_at"] > facts.read_at:
            continue
        elif record is None:
            if not row["topic"].endswith(".state"):
                yield finding(
                    "I7", "event-lost", f"{service} marked {row['type']} as published, Kafka has none", event_id
                )
        elif (record.topic, record.type, record.sequence) != (row["topic"], row["type"], row["sequence"]) or (
            record.value != row["value"] and not (row["value"] is None and (record.topic, record.key) in forgotten)
        ):
            yield finding("I7", "published-differs", f"{record.place} is not what {service} committed", event_id)
    for record in facts.records:
        if record.id not in committed:
            yield finding(
                "I7",
                "published-uncommitted",
                f"{record.place}: {record.type} was never committed",
                record.place,
                record.id,
                record.header("ce_subject"),
            )


def _parked(facts: Facts) -> Findings:
    by_place = {(record.topic, record.partition, record.offset): record for record in facts.records}
    for service, row in facts.databases.everywhere("parked"):
        place = (row["topic"], row["partition"], row["offset"])
        name = "/".join(map(str, place))
        yield finding("I2", "parked", f"{service} parked {row['type']} at {name}: {row['reason']}", service, name)
        record = by_place.get(place)
        if record is None:
            continue
        headers = [(one, base64.b64decode(value)) for one, value in orjson.loads(row["headers"])]
        if row["key"] != record.key or headers != list(record.headers):
            yield finding("I7", "parked-bytes-lost", f"{service}: key or headers of {name}", service, name)
        if row["topic"] not in _CLOSED and row["value"] != record.value:
            yield finding("I7", "parked-bytes-lost", f"{service}: value of {name}", service, name)
