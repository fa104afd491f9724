"""The API of a service on a database of a test's own."""

from fastapi import FastAPI

from chassis.database import Database
from chassis.service import Resources, Service

_described: dict[str, FastAPI] = {}


def described(service: Service) -> FastAPI:
    """Its application without a database, with its document; made once in a run."""
    if service.name not in _described:
        app = service.api()
        app.openapi()
        _described[service.name] = app
    return _described[service.name]


def api_of(service: Service, database: Database, resources: Resources | None = None) -> FastAPI:
    """As its process makes it, but with routes and document that are there: to build identity's takes longer than most tests.

    Its `dependency_overrides` are those of all: a test takes back what it sets.
    """
    app, known = service.api(database, resources), described(service)
    app.router, app.openapi_schema = known.router, known.openapi_schema
    app.dependency_overrides = known.dependency_overrides
    return app
