"""Routes as entry points: a write opens one transaction and commits it before it answers; a read opens none.

`Router` is used instead of `APIRouter` for all routes. In a route, `Session` is the transaction of the request and
`Reading` a connection without one.
"""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from starlette.requests import ClientDisconnect

from chassis.context import Cause, caused_by
from chassis.errors import DomainError, Invalid
from chassis.http.authentication import claims_of
from chassis.http.idempotency import Answer, Attempt
from chassis.http.problems import unavailable
from chassis.ids import new_id
from chassis.transient import is_contention, is_transient

READS = {"GET", "HEAD", "OPTIONS"}
ATTEMPTS = 3
"""Of a transaction that deadlocks or can not be serialized."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class EntryRoute(APIRoute):
    """Opens the transaction, keeps the idempotency key, commits, answers."""

    keeps_answers: ClassVar[bool] = True
    only_reads: ClassVar[bool] = False
    streams: ClassVar[bool] = False

    def handler(self) -> Handler:
        """From the request to the route's function and back."""
        return super().get_route_handler()

    def get_route_handler(self) -> Handler:
        handle = self.handler()

        async def entry(request: Request) -> Response:
            correlation = request.headers.get("X-Correlation-Id", "")
            if not 0 < len(correlation) <= 64 or not correlation.isascii() or not correlation.isprintable():
                correlation = str(new_id())
            with caused_by(Cause(correlation_id=correlation)):
                try:
                    await _refuse_nul(request, in_body=not self.streams)
                    if self.only_reads or request.method in READS:
                        response = await _read(request, handle)
                    else:
                        attempts = 1 if self.streams else ATTEMPTS
                        response = await _write(request, handle, keeps=self.keeps_answers, attempts=attempts)
                except DomainError:
                    raise
                except ClientDisconnect:
                    response = Response(status_code=400)  # nobody reads it
                except Exception as error:
                    if not is_transient(error):
                        raise
                    response = unavailable(error)
            response.headers["X-Correlation-Id"] = correlation
            return response

        return entry


async def _refuse_nul(request: Request, *, in_body: bool) -> None:
    """PostgreSQL stores every character but U+0000, which nobody types: refused here for every field at once.

    Raises:
        Invalid: there is one in the path, the query or the body.
    """
    found = in_body and request.method not in READS and b"\\u0000" in await request.body()
    if found or "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
        raise Invalid("character-not-allowed", "The character U+0000 can not be stored.")


async def _read(request: Request, handle: Handler) -> Response:
    async with AsyncExitStack() as request.state.ends:
        return await handle(request)


async def _write(request: Request, handle: Handler, *, keeps: bool, attempts: int) -> Response:
    for attempt in range(1, attempts + 1):
        try:
            return await _once(request, handle, keeps=keeps)
        except Exception as error:
            if attempt == attempts or not is_contention(error):
                raise
    raise AssertionError("unreachable")


async def _once(request: Request, handle: Handler, *, keeps: bool) -> Response:
    async with AsyncExitStack() as request.state.ends, request.app.state.database.session() as session:
        request.state.session = session
        attempt = await _attempt(request) if keeps else None
        if attempt is not None:
            earlier = await attempt.earlier_answer(session)
            if earlier is not None:
                return _repeat(earlier)
        response = await handle(request)
        if response.status_code < 400:
            if attempt is not None:
                answer = Answer(response.status_code, response.headers.get("Location"), bytes(response.body))
                await attempt.remember(session, answer)
            await session.commit()
        return response


async def _attempt(request: Request) -> Attempt | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return None
    claims = await claims_of(request)
    caller = str(claims["sub"]) if claims else "anonymous"
    return Attempt.of(key, caller, request.method, request.url.path, await request.body())


def _repeat(answer: Answer) -> Response:
    headers = {"Idempotency-Replayed": "true"}
    if answer.location:
        headers["Location"] = answer.location
    return Response(answer.body, answer.status, headers, "application/json")


class ForgetfulRoute(EntryRoute):
    """Does not heed `Idempotency-Key`: a stored answer would keep a secret or personal data."""

    keeps_answers = False


class UploadRoute(EntryRoute):
    """Its function reads the body while it comes, once it knows who sends it; other routes hold it in memory before.

    A body comes once: there is no second attempt, and `Idempotency-Key` is not heeded. What its bytes may be is checked by
    who reads them.
    """

    keeps_answers = False
    streams = True


class AskingRoute(EntryRoute):
    """Reads only, whatever its method: a question too long for a URL. There is nothing to repeat, and no transaction."""

    only_reads = True


class HotWritingRoute(EntryRoute):
    """On a hot path: documented like every route, but nothing of FastAPI stands between the request and its function.

    Its function takes one `body`, dependencies that need the request alone, and the request where it wants to, and returns
    a `Response`. FastAPI's way to the same call costs half a millisecond, a third of what PostgreSQL takes to price 40 lines.
    """

    def handler(self) -> Handler:
        (of_body,) = self.dependant.body_params
        body: TypeAdapter[Any] = TypeAdapter(of_body.field_info.annotation or Any)
        dependencies: list[tuple[str, Any]] = [(str(one.name), one.call) for one in self.dependant.dependencies]
        itself = self.dependant.request_param_name

        async def handle(request: Request) -> Response:
            values = {name: await find(request) for name, find in dependencies}
            if itself:
                values[itself] = request
            values[of_body.name] = _validated(body, await request.body(), request.headers.get("content-type", ""))
            return await self.endpoint(**values)  # type: ignore[no-any-return]

        return handle


class HotForgetfulRoute(HotWritingRoute):
    """On a hot path, and does not heed `Idempotency-Key`."""

    keeps_answers = False


class HotRoute(HotWritingRoute):
    """Asks on a hot path."""

    only_reads = True


def _validated(body: TypeAdapter[Any], content: bytes, media_type: str) -> Any:
    """
    Raises:
        RequestValidationError: as FastAPI does, also for JSON that is declared as something else.
    """
    subtype = media_type.partition(";")[0].strip().lower()
    is_json = subtype == "application/json" or (subtype.startswith("application/") and subtype.endswith("+json"))
    try:
        return body.validate_json(content) if is_json else body.validate_python(content)
    except ValidationError as error:
        problems = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(problems) from error


class Router(APIRouter):
    """An `APIRouter` whose routes are entry points.

    Args:
        kind: another than `EntryRoute`, where that is what they are.
    """

    def __init__(self, *, kind: type[EntryRoute] = EntryRoute, **options: Any) -> None:
        super().__init__(route_class=kind, **options)


async def _session(request: Request) -> AsyncSession:
    return request.state.session  # type: ignore[no-any-return]


async def _reading(request: Request) -> AsyncConnection:
    return await request.state.ends.enter_async_context(request.app.state.database.reading())  # type: ignore[no-any-return]


Session = Annotated[AsyncSession, Depends(_session)]
"""The transaction of a writing request."""
Reading = Annotated[AsyncConnection, Depends(_reading)]
"""A connection for queries."""
