"""Every error as problem+json (RFC 9457): a stable `code`, pointers to invalid fields, no internals."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from chassis.errors import DomainError, Problem
from chassis.transient import is_duplicate, is_transient

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "1"

PROBLEM_REFERENCE = {"$ref": "#/components/schemas/Problem"}
PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:countersign:problem:price-list-unknown"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; the last part of `type`."},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the request body"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def problem(
    status: int,
    code: str,
    detail: str = "",
    *,
    errors: list[Problem] | None = None,
    facts: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """One error answer."""
    body: dict[str, Any] = {
        **(facts or {}),
        "type": f"urn:countersign:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
    }
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = [vars(one) for one in errors]
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


async def _domain_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DomainError)
    headers = {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers["Retry-After"] = str(error.facts.get("retry_after", RETRY_AFTER))
    return problem(error.status, error.code, error.detail, errors=error.problems, facts=error.facts, headers=headers)


async def _validation_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return problem(400, "malformed-json", "The body is not JSON.")
    problems = [Problem(_pointer(one["loc"]), one["type"].replace("_", "-"), one["msg"]) for one in found]
    return problem(422, "invalid-request", "The request is not of the form that the API documents.", errors=problems)


def _pointer(location: tuple[Any, ...]) -> str:
    """RFC 6901 into the body; `header:`, `query:` and `path:` name the others."""
    place, *rest = location or ("body",)
    path = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in rest)
    return path if place == "body" else f"{place}:{path.lstrip('/')}"


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    codes = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "unsupported-media-type"}
    code = codes.get(error.status_code, "http-error")
    return problem(error.status_code, code, headers=dict(error.headers or {}))


async def _unexpected(_: Request, error: Exception) -> JSONResponse:
    if is_transient(error):
        return unavailable(error)
    if is_duplicate(error):
        return problem(409, "already-exists", "Somebody else has just made one with the same key.")
    return problem(500, "internal-error", "Something went wrong on our side; it has been logged.")


def unavailable(error: BaseException) -> JSONResponse:
    log.warning("a dependency is away", extra={"error": repr(error)[:300]})
    return problem(
        503, "unavailable", "A part that this needs is away for a moment.", headers={"Retry-After": RETRY_AFTER}
    )
