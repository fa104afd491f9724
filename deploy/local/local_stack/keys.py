"""Passwords and keys of one stack: drawn once, kept beside its data, never in the repository."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local_stack.layout import SERVICES


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True)
class Keys:
    """They outlive a `down`, because data on disk was encrypted and roles were created with them."""

    admin_password: str
    passwords: dict[str, str]
    master_keys: dict[str, str]
    link_keys: str
    kafka_cluster_id: str

    @classmethod
    def draw(cls) -> "Keys":
        cluster_id = "-"
        while cluster_id.startswith("-"):  # StorageTool would take it for an option
            cluster_id = secrets.token_urlsafe(16)
        return cls(
            admin_password=secrets.token_urlsafe(24),
            passwords={service: secrets.token_urlsafe(24) for service in SERVICES},
            master_keys={service: _key() for service in SERVICES},
            link_keys=f"k1:{_key()}",
            kafka_cluster_id=cluster_id,
        )

    @classmethod
    def of(cls, directory: Path) -> "Keys":
        """Those of the stack in this directory; drawn at its first start."""
        file = directory / "keys.json"
        try:
            stored: dict[str, Any] = json.loads(file.read_text())
        except FileNotFoundError:
            keys = cls.draw()
            write_private(file, json.dumps(asdict(keys), indent=2))
            return keys
        return cls(**stored)


def write_private(file: Path, text: str) -> None:
    """Whole or not at all, and readable by nobody else."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.partial")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(file)
