"""The headers of a record on Kafka: a CloudEvent 1.0 in binary mode, so that events are sorted without their bodies."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

SPEC_VERSION = b"1.0"
CONTENT_TYPE = b"application/json"

HEADERS_SCHEMA: dict[str, Any] = {
    "$id": "urn:countersign:schema:headers",
    "title": "Headers",
    "description": "A CloudEvent 1.0 in binary mode. Values are UTF-8 text; names we do not list are to be ignored.",
    "type": "object",
    "properties": {
        "ce_specversion": {"const": SPEC_VERSION.decode(), "description": "Version of CloudEvents."},
        "ce_id": {
            "type": "string",
            "format": "uuid",
            "description": "Of this event, the same on every delivery and replay: duplicates are recognised by it.",
        },
        "ce_type": {"type": "string", "description": "Name and major version of what the body holds."},
        "ce_source": {"type": "string", "description": "The service that published it: `/countersign/<service>`."},
        "ce_subject": {"type": "string", "description": "The aggregate; the same as the record's key."},
        "ce_time": {"type": "string", "format": "date-time", "description": "When it happened, in UTC."},
        "ce_epoch": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "Raised when the publisher's database was restored from a backup, after which sequences "
            "may be used again. Compare (epoch, sequence), and take only what is higher.",
        },
        "ce_sequence": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "Number of the event among those of its aggregate, without gaps. A state carries the number "
            "of the event that led to it.",
        },
        "ce_correlationid": {"type": "string", "description": "Of the request or process that it all began with."},
        "ce_causationid": {"type": "string", "description": "Of the event, request or step that caused this one."},
        "ce_actor": {
            "type": "string",
            "description": "Who did it, opaque: `staff:<uuid>`, `member:<uuid>`, `contact:<uuid>`, "
            "`process:<workflow id>`, or `operator:<name>` as claimed in the Temporal UI, which does not prove it.",
        },
        "traceparent": {"type": "string", "description": "W3C Trace Context of the transaction that published it."},
        "content-type": {"const": CONTENT_TYPE.decode(), "description": "Of the body; a tombstone has none."},
    },
    "required": [
        "ce_specversion",
        "ce_id",
        "ce_type",
        "ce_source",
        "ce_subject",
        "ce_time",
        "ce_epoch",
        "ce_sequence",
        "content-type",
    ],
}
"""JSON Schema of the headers, values read as UTF-8 text."""


class Envelope(NamedTuple):
    """What the headers say of one event. `HEADERS_SCHEMA` tells what each field means."""

    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    epoch: int
    sequence: int
    correlation_id: str | None = None
    causation_id: str | None = None
    actor: str | None = None
    traceparent: str | None = None

    def to_headers(self) -> list[tuple[str, bytes]]:
        """As Kafka takes them; what is None is left out.

        Raises:
            ValueError: the time has no zone.
        """
        if self.time.tzinfo is None:
            raise ValueError("ce_time needs a time zone")
        time = self.time if self.time.tzinfo is UTC else self.time.astimezone(UTC)
        headers = [
            ("ce_specversion", SPEC_VERSION),
            ("ce_id", str(self.id).encode()),
            ("ce_type", self.type.encode()),
            ("ce_source", self.source.encode()),
            ("ce_subject", self.subject.encode()),
            ("ce_time", b"%sZ" % time.isoformat()[:-6].encode()),
            ("ce_epoch", b"%d" % self.epoch),
            ("ce_sequence", b"%d" % self.sequence),
            ("content-type", CONTENT_TYPE),
        ]
        if self.correlation_id is not None:
            headers.append(("ce_correlationid", self.correlation_id.encode()))
        if self.causation_id is not None:
            headers.append(("ce_causationid", self.causation_id.encode()))
        if self.actor is not None:
            headers.append(("ce_actor", self.actor.encode()))
        if self.traceparent is not None:
            headers.append(("traceparent", self.traceparent.encode()))
        return headers

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]]) -> "Envelope":
        """Read from a record. Headers that we do not know are ignored; of a repeated one the last counts.

        Raises:
            ValueError: one that is required is absent or cannot be read; the message says which and why.
        """
        found = dict(headers)
        try:
            if found["ce_specversion"] != SPEC_VERSION:
                raise ValueError(f"ce_specversion is {found['ce_specversion']!r}, not {SPEC_VERSION!r}")
            return cls(
                _uuid(found["ce_id"]),
                _text("ce_type", found["ce_type"]),
                _text("ce_source", found["ce_source"]),
                _text("ce_subject", found["ce_subject"]),
                _time(found["ce_time"]),
                _number("ce_epoch", found["ce_epoch"]),
                _number("ce_sequence", found["ce_sequence"]),
                _optional("ce_correlationid", found.get("ce_correlationid")),
                _optional("ce_causationid", found.get("ce_causationid")),
                _optional("ce_actor", found.get("ce_actor")),
                _optional("traceparent", found.get("traceparent")),
            )
        except KeyError as absent:
            raise ValueError(f"header {absent.args[0]} is missing") from None


def _text(name: str, value: bytes) -> str:
    try:
        text = value.decode()
    except (UnicodeDecodeError, AttributeError):
        raise ValueError(f"{name} is not UTF-8 text: {value!r}") from None
    if not text:
        raise ValueError(f"{name} is empty")
    return text


def _optional(name: str, value: bytes | None) -> str | None:
    return None if value is None else _text(name, value)


def _uuid(value: bytes) -> UUID:
    try:
        return UUID(value.decode())
    except (ValueError, AttributeError):
        raise ValueError(f"ce_id is not a UUID: {value!r}") from None


def _time(value: bytes) -> datetime:
    try:
        time = datetime.fromisoformat(value.decode())
    except (ValueError, AttributeError):
        raise ValueError(f"ce_time is not an RFC 3339 time: {value!r}") from None
    if time.tzinfo is None:
        raise ValueError(f"ce_time has no zone: {value!r}")
    return time


def _number(name: str, value: bytes) -> int:
    # int() alone would also take signs, spaces and underscores
    if not isinstance(value, bytes) or not value.isdigit():
        raise ValueError(f"{name} is not a number: {value!r}")
    return int(value)
