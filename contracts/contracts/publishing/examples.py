"""Examples of every type, picked from the record of an independent subscriber to a real run."""

import json
from collections.abc import Iterable
from typing import Any, TypedDict

from contracts.catalogue import events
from contracts.shared.envelope import Envelope


class Example(TypedDict):
    """One record as it was on Kafka."""

    topic: str
    key: str
    headers: dict[str, str]
    value: dict[str, Any]


def pick(record: Iterable[str]) -> dict[str, Example]:
    """The earliest record of each type, by its time and then its place on the topic; tombstones are no examples.

    Args:
        record: lines of JSON: `topic`, `partition`, `offset`, `key`, `headers`, `value`.

    Raises:
        ValueError: a record has not the form that its contract says; the message names its place.
    """
    earliest: dict[str, tuple[tuple[Any, ...], Example]] = {}
    for line in record:
        if not line.strip():
            continue
        seen = json.loads(line)
        event = events.get(seen["headers"].get("ce_type"))
        if event is None or seen["value"] is None:
            continue
        example = Example(topic=seen["topic"], key=seen["key"], headers=seen["headers"], value=seen["value"])
        place = f"{seen['topic']}/{seen['partition']}@{seen['offset']}"
        try:
            envelope = verified(example)
        except ValueError as wrong:
            raise ValueError(f"{place}: {wrong}") from None
        order = (envelope.time, seen["partition"], seen["offset"])
        if event.type not in earliest or order < earliest[event.type][0]:
            earliest[event.type] = (order, example)
    return {name: example for name, (_, example) in sorted(earliest.items())}


def verified(example: Example) -> Envelope:
    """The headers of an example that its type's model accepts.

    Raises:
        ValueError: its headers, topic or body are not those of its type.
    """
    envelope = Envelope.from_headers([(name, value.encode()) for name, value in example["headers"].items()])
    event = events[envelope.type]
    if example["topic"] != event.topic.name:
        raise ValueError(f"{envelope.type} belongs on {event.topic.name}, not on {example['topic']}")
    if example["key"] != envelope.subject:
        raise ValueError(f"the key is {example['key']}, the subject is {envelope.subject}")
    event.model_validate_json(json.dumps(example["value"]))
    return envelope
