"""What a subscriber may rely on, checked record by record."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from demo.subscriber.contract import TOMBSTONE, Contract

_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+")
_MESSAGE_ID = re.compile(r"<[^<>\s]+@[^<>\s]+>")


@dataclass(frozen=True, slots=True)
class Record:
    topic: str
    partition: int
    offset: int
    key: str | None
    headers: dict[str, str]
    value: Any
    """The decoded body; None is a tombstone."""

    @property
    def type(self) -> str:
        return self.headers.get("ce_type", "")

    @property
    def place(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass
class Checks:
    contract: Contract
    started_empty: bool
    """Whether the event topics held nothing when we began: then every sequence starts at 1."""
    duplicates: int = 0
    """At least once means that a record may come again."""
    _seen: set[str] = field(default_factory=set)
    _last: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """(epoch, sequence) by topic and key."""

    def faults(self, record: Record) -> list[str]:
        """What is wrong with this record, in sentences; it is empty for a good one."""
        return [f"{record.place}: {fault}" for fault in self._faults(record)]

    def _faults(self, record: Record) -> Iterator[str]:
        wrong = [f"header {error.message}" for error in self.contract.headers.iter_errors(record.headers)]
        yield from wrong
        if wrong:
            return
        if record.key != record.headers["ce_subject"]:
            yield f"the key {record.key} is not the subject {record.headers['ce_subject']}"
        yield from self._body(record)
        yield from self._order(record)
        if any(_holds_address(text) for text in _texts([record.key, record.headers, record.value])):
            yield "holds an e-mail address"

    def _body(self, record: Record) -> Iterator[str]:
        types = self.contract.topics[record.topic]
        if record.value is None:
            if TOMBSTONE not in types:
                yield "a tombstone on a topic of events"
        elif record.type not in types:
            yield f"type {record.type} is not in the contract of this topic"
        elif not isinstance(record.value, dict):
            yield "the body is not an object"
        else:
            for error in self.contract.payloads[record.type].iter_errors(record.value):
                yield f"body {error.message}"
            field = self.contract.keys.get(record.type)
            if field is not None and record.value.get(field) != record.key:
                yield f"the key is {record.key}, not the {field} of the body"

    def _order(self, record: Record) -> Iterator[str]:
        """Gap-free on a topic of events, rising on a topic of states; what was seen already may come again."""
        if (record.headers["ce_id"]) in self._seen:
            self.duplicates += 1
            return
        self._seen.add(record.headers["ce_id"])
        of_key = (record.topic, record.key or "")
        now = (int(record.headers["ce_epoch"]), int(record.headers["ce_sequence"]))
        last = self._last.get(of_key)
        self._last[of_key] = now
        if record.topic in self.contract.compacted:
            if last is not None and now <= last:
                yield f"(epoch, sequence) {now} after {last}"
        elif last is None:
            if self.started_empty and now[1] != 1:
                yield f"the first record of the key has sequence {now[1]}"
        elif now != (last[0], last[1] + 1) and now[0] <= last[0]:
            yield f"sequence {now[1]} after {last[1]}"


def _holds_address(text: str) -> bool:
    return bool(_ADDRESS.search(_MESSAGE_ID.sub("", text)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
