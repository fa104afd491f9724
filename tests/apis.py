"""The API of a service on a database of a test's own."""

from fastapi import FastAPI
from fastapi.routing import APIRouter

from chassis.database import Database
from chassis.service import Resources, Service

_routers: dict[str, APIRouter] = {}


def api_of(service: Service, database: Database, resources: Resources | None = None) -> FastAPI:
    """As its process makes it, with the routes of the first one in this run: FastAPI builds each when it is first looked at,
    which for all of identity's takes longer than most tests."""
    app = service.api(database, resources)
    app.router = _routers.setdefault(service.name, app.router)
    return app
