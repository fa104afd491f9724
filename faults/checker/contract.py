"""The public contract, from its files: which topics there are, and what a record on them must look like."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs


@dataclass(frozen=True)
class Contract:
    topics: dict[str, int]
    """Partitions of each."""
    headers: Any
    payloads: dict[str, Any]
    """Validator by event type."""

    @classmethod
    def read(cls, folder: Path) -> "Contract":
        """From the folder that holds `asyncapi.json` and `schemas/`."""
        document = json.loads((folder / "asyncapi.json").read_text())
        channels = document["channels"].values()
        return cls(
            topics={one["address"]: one["bindings"]["kafka"]["partitions"] for one in channels},
            headers=jsonschema_rs.validator_for(document["components"]["schemas"]["headers"], validate_formats=True),
            payloads={
                path.name.removesuffix(".json"): jsonschema_rs.validator_for(
                    json.loads(path.read_text()), validate_formats=True
                )
                for path in (folder / "schemas").glob("countersign.*.json")
            },
        )
