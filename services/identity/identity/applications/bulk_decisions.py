"""Many applications decided by one request: each in a transaction of its own, with an outcome of its own (ID-09)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database
from chassis.errors import DomainError
from chassis.http.idempotency import Answer, Attempt
from chassis.http.problems import problem
from chassis.transient import retried
from identity.applications.models import Application

MOST = 100
PATIENCE = timedelta(seconds=5)
"""For one application, while the database is away."""


@dataclass(frozen=True)
class Decision:
    """One of the request.

    Attributes:
        said: the bytes by which a repeated request is known.
        decide: the command.
    """

    application_id: UUID
    said: bytes
    decide: Callable[[AsyncSession], Awaitable[Application]]


@dataclass(frozen=True)
class Request:
    """Who decides, where, and under which `Idempotency-Key`."""

    caller: str
    path: str
    key: str | None

    def attempt(self, decision: Decision) -> Attempt | None:
        """
        Raises:
            Invalid: the key is not one.
        """
        if self.key is None:
            return None
        return Attempt.of(self.key, self.caller, "POST", f"{self.path}/{decision.application_id}", decision.said)


Outcome = dict[str, Any]


async def decide_all(database: Database, request: Request, decisions: list[Decision]) -> list[Outcome]:
    """One after the other, in the order of the request; a refusal of one stops none of the others.

    A request that ended half-way is sent again under its key: what was done is answered as then, the rest is done.

    Raises:
        Invalid: the key is not one.
    """
    attempts = [request.attempt(one) for one in decisions]
    return [
        await retried(partial(_outcome, database, attempt, one), within=PATIENCE)
        for attempt, one in zip(attempts, decisions, strict=True)
    ]


async def _outcome(database: Database, attempt: Attempt | None, decision: Decision) -> Outcome:
    try:
        async with database.transaction() as session:
            return await _decided(session, attempt, decision)
    except DomainError as refused:
        answer = problem(refused.status, refused.code, refused.detail, errors=refused.problems, facts=refused.facts)
        said = orjson.loads(bytes(answer.body))
        return {"application_id": decision.application_id, "status": refused.status, "problem": said}


async def _decided(session: AsyncSession, attempt: Attempt | None, decision: Decision) -> Outcome:
    earlier = await attempt.earlier_answer(session) if attempt else None
    if earlier:
        return orjson.loads(earlier.body)  # type: ignore[no-any-return]
    application = await decision.decide(session)
    outcome = {
        "application_id": decision.application_id,
        "status": 202,
        "application": {
            "application_id": decision.application_id,
            "status": application.status,
            "decision": application.decision,
            "proposal": application.waiting_proposal,
        },
    }
    if attempt:
        await attempt.remember(session, Answer(202, None, orjson.dumps(outcome)))
    return outcome
