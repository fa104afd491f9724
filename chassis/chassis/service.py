"""What a service is: plain lists of its parts. Its composition root (`app.py`) makes one `Service`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import typer
from fastapi import APIRouter, Depends, FastAPI, Request

from chassis.consumers import Subscription, merged
from chassis.database import Database
from chassis.housekeeping import Duty
from chassis.http.app import build_app
from chassis.http.authentication import TokenVerifier
from chassis.processes import BoundActivity, Reconciler
from chassis.projections import Projection
from chassis.settings import Settings
from contracts.shared.topic import Topic

R = TypeVar("R")
Resources = dict[type, Any]
"""Long-lived objects of a process, by type: a signer, a mailer."""
Background = Callable[[Database, Resources, datetime], Awaitable[bool]]
"""One round of work that waits in rows, at this time by the database's clock; True when there may be more, so that the next
round follows at once."""


@dataclass(frozen=True)
class Service:
    """
    Attributes:
        name: also its task queue, its database and the prefix of its consumer groups.
        topics: those it writes.
        resources: makes the long-lived objects of one process.
        verifier: how access tokens are verified.
        background: what a worker does beside activities; rows are claimed, so several workers share it.
        commands: its own commands on the command line.
    """

    name: str
    description: str
    settings: type[Settings]
    migrations: Path
    topics: Sequence[Topic]
    verifier: TokenVerifier
    routers: Sequence[APIRouter] = ()
    subscriptions: Sequence[Subscription] = ()
    projections: Sequence[Projection] = ()
    workflows: Sequence[type] = ()
    activities: Sequence[BoundActivity] = ()
    reconcilers: Sequence[Reconciler] = ()
    duties: Callable[[Resources], Sequence[Duty]] = lambda _: ()
    background: Sequence[Background] = ()
    resources: Callable[[Any, Database], Resources] = lambda _settings, _database: {}
    commands: typer.Typer = field(default_factory=typer.Typer)

    @property
    def readers(self) -> list[Any]:
        """One per topic that it reads."""
        return [*merged(self.subscriptions), *merged(self.projections)]

    def group(self, topic: str) -> str:
        """One consumer group per topic: adding or restarting a consumer of one topic does not rebalance the others."""
        return f"{self.name}.{topic}"

    def api(self, database: Database | None = None, resources: Resources | None = None) -> FastAPI:
        """The HTTP application; without a database only good for its OpenAPI document."""
        app = build_app(self.name, self.description, self.routers)
        app.state.database = database
        app.state.verifier = self.verifier
        app.state.resources = resources or {}
        return app


def resource(kind: type[R]) -> Any:
    """For routes: `Annotated[Signer, resource(Signer)]` is the process's one."""

    async def find(request: Request) -> R:
        return request.app.state.resources[kind]  # type: ignore[no-any-return]

    return Depends(find)
