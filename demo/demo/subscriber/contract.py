"""The published contract as files: which topics there are, what is on them, what a record must look like."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

TOMBSTONE = "tombstone"


@dataclass(frozen=True)
class Contract:
    topics: dict[str, frozenset[str]]
    """The event types of each topic that is open to subscribers."""
    partitions: dict[str, int]
    """How many each of these topics has, for ever."""
    closed: frozenset[str]
    """Topics with personal data."""
    compacted: frozenset[str]
    """State topics: a later record of a key replaces an earlier one."""
    headers: Any
    """Validator of the headers."""
    payloads: Mapping[str, Any]
    """Validator of each type's body."""
    keys: Mapping[str, str]
    """The field of the body that is the key, of the types that have one."""

    @classmethod
    def read(cls, folder: Path) -> "Contract":
        """From a folder that holds `asyncapi.json` and `schemas/`."""
        document = json.loads((folder / "asyncapi.json").read_text())
        channels = {channel["address"]: channel for channel in document["channels"].values()}
        is_open = {name: channel for name, channel in channels.items() if "x-personal-data" not in channel}
        types = {name: frozenset(channel["messages"]) for name, channel in is_open.items()}
        schemas = {
            event_type: json.loads((folder / "schemas" / f"{event_type}.json").read_text())
            for event_type in frozenset().union(*types.values()) - {TOMBSTONE}
        }
        return cls(
            topics=types,
            partitions={name: channel["bindings"]["kafka"]["partitions"] for name, channel in is_open.items()},
            closed=frozenset(channels) - frozenset(is_open),
            compacted=frozenset(name for name, found in types.items() if TOMBSTONE in found),
            headers=jsonschema_rs.validator_for(document["components"]["schemas"]["headers"], validate_formats=True),
            payloads={
                event_type: jsonschema_rs.validator_for(schema, validate_formats=True)
                for event_type, schema in schemas.items()
            },
            keys={
                event_type: schema["x-kafka"]["key"]
                for event_type, schema in schemas.items()
                if schema["x-kafka"]["key"] in schema["properties"]
            },
        )
