"""What a seal is (ID-22): a hash over the row and the seal before it, so that what was sealed can not be changed unseen.

    hash(0) = 32 bytes of zero
    hash(n) = SHA-256( hash(n - 1) + canonical(row sealed at position n) )

The canonical form of a row is one JSON array in UTF-8, as RFC 8785 writes it (no spaces, nothing escaped that need not
be), with the columns of `SEALED` in that order: `id` is a number; UUIDs are text in lower case; the time is text in UTC
with six digits of the second and `+00:00`; what is absent is null. Whoever has the rows can compute it without us.

All columns are sealed, and they hold ids, codes and times (an operator's name is the one that he claims): what is erased
about a person stands elsewhere, and the chain verifies afterwards.
"""

from datetime import UTC
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Row

SEALED = (
    "id", "event_id", "happened_at", "type", "actor", "door", "company_id", "subject", "correlation_id", "source",
)  # fmt: skip
BEGINNING = bytes(32)
"""The hash at position 0, before any row."""


def canonical(row: Row[Any]) -> bytes:
    """The documented form of a row's content."""
    company_id = None if row.company_id is None else str(row.company_id)
    happened_at = row.happened_at.astimezone(UTC).isoformat(timespec="microseconds")
    return orjson.dumps(
        [
            row.id, str(row.event_id), happened_at, row.type, row.actor, row.door, company_id, row.subject,
            row.correlation_id, row.source,
        ]
    )  # fmt: skip


def hash_after(before: bytes, row: Row[Any]) -> bytes:
    """The hash of the seal that this row has after the seal with the hash `before`."""
    return sha256(before + canonical(row)).digest()
