"""Draws the passwords and keys of this installation at its first start, and gives every container those it needs.

The one-shot service `keys` runs it. What was drawn is kept in a volume that only it mounts; each reader has a volume of
its own, so that a service never sees the secrets of another. A file holds one secret. Safe to repeat and to kill.
"""

import base64
import json
import os
import secrets
from pathlib import Path

KEPT = Path("/keys/kept/keys.json")
READERS = Path("/keys/for")
SERVICES = ("identity", "pricing", "orders", "notifications")

UIDS = {"postgres": 999, "temporal": 1000} | dict.fromkeys(SERVICES, 10001)
"""The numeric users of the images, ours and the official ones."""


def key() -> str:
    """32 bytes, base64url."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def draw() -> dict[str, str]:
    """Passwords are safe in a URL as they are."""
    passwords = {f"{role}_password": secrets.token_urlsafe(24) for role in ("admin", "temporal", *SERVICES)}
    return passwords | {"identity_master_key": key(), "pricing_master_key": key(), "link_keys": f"k1:{key()}"}


def kept() -> dict[str, str]:
    """What this installation uses. It must not change: roles were created and data was encrypted with it."""
    if not KEPT.exists():
        write(KEPT, json.dumps(draw()), uid=0)
    return dict(json.loads(KEPT.read_text()))


def shares(drawn: dict[str, str]) -> dict[str, dict[str, str]]:
    """File names and contents, for each reader."""
    passwords = {name: drawn[f"{name}_password"] for name in ("admin", "temporal", *SERVICES)}
    of = {"postgres": passwords, "temporal": {"password": passwords["temporal"]}}
    for service in SERVICES:
        url = f"postgresql+asyncpg://{service}:{passwords[service]}@postgres:5432/{service}"
        of[service] = {"countersign_database_url": url}
    for service in ("identity", "pricing"):
        of[service]["countersign_master_key"] = drawn[f"{service}_master_key"]
    for service in ("identity", "notifications"):
        of[service]["countersign_link_keys"] = drawn["link_keys"]
    return of


def write(file: Path, text: str, uid: int) -> None:
    """Whole or not at all, and readable by this user only."""
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    os.chown(partial, uid, uid)
    partial.replace(file)


def main() -> None:
    for reader, files in shares(kept()).items():
        for name, text in files.items():
            write(READERS / reader / name, text, UIDS[reader])


if __name__ == "__main__":
    main()
