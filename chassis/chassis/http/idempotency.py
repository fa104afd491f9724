"""`Idempotency-Key`: the stored answer is written in the command's transaction, so a repeated request is answered, not done.

Answers of creating posts hold ids and numbers only, so what is stored holds no personal data.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, DateTime, Index, LargeBinary, SmallInteger, Table, Text, text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.errors import Conflict, Invalid
from chassis.metadata import metadata

RETENTION = timedelta(days=30)
MAX_KEY = 128

answers_table = Table(
    "idempotent_answers",
    metadata,
    Column("scope", LargeBinary, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("location", Text),
    Column("body", LargeBinary, nullable=False),
    Column("answered_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Index("ix_idempotent_answers_answered_at", "answered_at"),
)

_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")
_FIND = text("SELECT request, status, location, body FROM idempotent_answers WHERE scope = :scope")
_STORE = text(
    "INSERT INTO idempotent_answers (scope, request, status, location, body) "
    "VALUES (:scope, :request, :status, :location, :body)"
)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request under a key: who, where and which key (`scope`), and what it asks (`request`)."""

    scope: bytes
    request: bytes

    @classmethod
    def of(cls, key: str, caller: str, method: str, path: str, body: bytes) -> "Attempt":
        """
        Raises:
            Invalid: the key is empty, too long or not printable ASCII.
        """
        if not 0 < len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
            raise Invalid(
                "idempotency-key-malformed", f"An Idempotency-Key is 1 to {MAX_KEY} printable ASCII characters."
            )
        scope = hashlib.sha256("\x1f".join((caller, method, path, key)).encode()).digest()
        return cls(scope, hashlib.sha256(body).digest())

    async def earlier_answer(self, session: AsyncSession) -> Answer | None:
        """The answer that the first request under this key was given; None: this is the first.

        Raises:
            Conflict: the first is still running.
            Invalid: the first asked something else.
        """
        lock = int.from_bytes(self.scope[:8], "big", signed=True)
        if not await session.scalar(_LOCK, {"lock": lock}):
            raise Conflict("idempotency-key-in-use", "The first request with this key is still running.")
        found = (await session.execute(_FIND, {"scope": self.scope})).first()
        if found is None:
            return None
        if bytes(found.request) != self.request:
            raise Invalid("idempotency-key-reused", "This key was used for another request.")
        return Answer(found.status, found.location, bytes(found.body))

    async def remember(self, session: AsyncSession, answer: Answer) -> None:
        await session.execute(
            _STORE,
            {
                "scope": self.scope,
                "request": self.request,
                "status": answer.status,
                "location": answer.location,
                "body": answer.body,
            },
        )


async def prune_answers(session: AsyncSession, at: datetime) -> None:
    await session.execute(
        text("DELETE FROM idempotent_answers WHERE answered_at < :before"), {"before": at - RETENTION}
    )
