"""The HTTP application of a service: routes, problems, health, metrics, documentation that works without internet."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import DomainError
from chassis.http.docs import documentation_page
from chassis.http.problems import MEDIA_TYPE, PROBLEM_REFERENCE, PROBLEM_SCHEMA, add_problem_handlers, problem

TOO_LARGE = "too-large"
MAX_BODY = 4_000_000
MAX_UPLOAD = 64_000_000
"""Bytes; uploads are routes whose path ends with `/imports`."""

PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": PROBLEM_REFERENCE}}}
    for status, text in {
        400: "Malformed",
        401: "Nobody, or nobody we can verify",
        403: "May not",
        404: "Absent, or not yours",
        409: "Not in the state that it is in",
        412: "Changed since you read it",
        413: "Too large",
        422: "Not of the documented form, or against a rule",
        428: "A change without the version that was read",
        429: "Later again",
        503: "A part is away for a moment; `Retry-After`",
    }.items()
}


def _operation_id(route: APIRoute) -> str:
    """From method and path, which are unique: `post_v1_orders_order_id_attest`."""
    return re.sub(r"\W+", "_", f"{min(route.methods or ['any']).lower()}{route.path_format}").strip("_")


class Api(FastAPI):
    """Describes a problem once: written out with every answer of every operation it would be half of the document."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        return document


def build_app(service: str, description: str, routers: Sequence[APIRouter]) -> FastAPI:
    """The API under `/v1`, its OpenAPI 3.1 document and pages, without health and metrics (see `add_health`)."""
    app = Api(
        title=f"Countersign {service}",
        version="1",
        description=description,
        docs_url=None,
        redoc_url=None,
        responses=PROBLEM_RESPONSES,
        generate_unique_id_function=_operation_id,
    )
    for router in routers:
        app.include_router(router)
    add_problem_handlers(app)
    app.add_middleware(BodyLimit)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(documentation_page(app.openapi()))

    return app


def add_health(app: FastAPI, service: str, instance: str, readiness: Any) -> None:
    """`/health/live` depends on nothing; `/health/ready` asks `readiness` what this process still waits for."""

    @app.get("/health/live", include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"service": service, "instance": instance}

    @app.get("/health/ready", include_in_schema=False)
    async def ready(response: Response) -> dict[str, Any]:
        waiting = await readiness()
        response.status_code = 503 if waiting else 200
        return {"service": service, "instance": instance, "ready": not waiting, "waiting_for": waiting}

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class BodyLimit:
    """Refuses a body that is too large before it is read, or while it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        limit = MAX_UPLOAD if scope["path"].endswith("/imports") else MAX_BODY
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            return await _too_large(limit)(scope, receive, send)
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLarge(TOO_LARGE, f"A body here has at most {limit:,} bytes.")
            return message

        return await self._app(scope, limited, send)


class BodyTooLarge(DomainError):
    """A body that grew past its limit while it was read."""

    status = 413


def _too_large(limit: int) -> Response:
    return problem(413, TOO_LARGE, f"A body here has at most {limit:,} bytes.")


@dataclass(frozen=True)
class Operation:
    """One documented operation. `access`: the kind of caller it is for, as its route declares it."""

    method: str
    path: str
    access: str | None


def operations(app: FastAPI) -> list[Operation]:
    """Every documented operation, for tests that walk them."""
    return [
        Operation(method.upper(), path, described.get("x-access"))
        for path, methods in app.openapi()["paths"].items()
        for method, described in methods.items()
    ]
