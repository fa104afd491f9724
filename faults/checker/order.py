"""I3: order per key holds, sequences have no gaps; records are as the contract says."""

from collections import defaultdict

from checker.facts import Facts
from checker.findings import Findings, finding
from checker.kafka import Record

_NOT_COUNTED = frozenset({"countersign.pricing.article"})
"""Topics whose events stand alone: an import is no aggregate with a history."""


def check(facts: Facts) -> Findings:
    yield from _records(facts)
    yield from _sequences(facts)


def _records(facts: Facts) -> Findings:
    partition_of: dict[tuple[str, bytes], int] = {}
    for record in facts.records:
        if record.key is None or record.key.decode(errors="replace") != record.header("ce_subject"):
            yield finding("I3", "wrong-key", f"{record.place}: the key is not the subject", record.place)
            continue
        where = partition_of.setdefault((record.topic, record.key), record.partition)
        if where != record.partition:
            yield finding("I3", "key-on-two-partitions", f"{record.place}: its key was on {where} before", record.place)
        headers = {name: value.decode(errors="replace") for name, value in record.headers}
        if not facts.contract.headers.is_valid(headers):
            yield finding("I3", "headers-not-as-contract", record.place, record.place)
        payload = facts.contract.payloads.get(record.type)
        if payload is None or (record.value is not None and not payload.is_valid(record.body)):
            yield finding("I3", "body-not-as-contract", f"{record.place}: {record.type}", record.place)


def _sequences(facts: Facts) -> Findings:
    """First deliveries, in the order in which they lie there: 1, 2, 3 … for each aggregate."""
    by_key: dict[tuple[str, bytes], list[Record]] = defaultdict(list)
    for event in facts.events:
        if event.topic not in _NOT_COUNTED and event.key is not None:
            by_key[event.topic, event.key].append(event)
    for (topic, key), events in by_key.items():
        found = [event.sequence for event in events]
        if found != list(range(1, len(found) + 1)):
            yield finding(
                "I3",
                "sequence",
                f"{topic} {key.decode(errors='replace')}: {found}",
                topic,
                key.decode(errors="replace"),
            )
