"""A route that takes a file in while it comes: other routes hold the whole body in memory."""

from contextlib import AsyncExitStack

from fastapi import Request, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import ClientDisconnect

from chassis.context import Cause, caused_by
from chassis.http.problems import unavailable
from chassis.http.routing import EntryRoute, Handler
from chassis.ids import new_id
from chassis.transient import is_transient


class UploadRoute(EntryRoute):
    """Its function reads the stream. A stream comes once: there is no second attempt, and `Idempotency-Key` is not heeded.

    A file that was sent twice is two imports; rows that were done already are unchanged in the second.
    """

    keeps_answers = False

    def get_route_handler(self) -> Handler:
        handle = self.handler()

        async def entry(request: Request) -> Response:
            correlation = str(new_id())
            with caused_by(Cause(correlation_id=correlation)):
                try:
                    response = await _write(request, handle)
                except ClientDisconnect:
                    response = Response(status_code=400)  # nobody reads it
                except (DBAPIError, PoolTimeout, OSError) as error:
                    if not is_transient(error):
                        raise
                    response = unavailable(error)
            response.headers["X-Correlation-Id"] = correlation
            return response

        return entry


async def _write(request: Request, handle: Handler) -> Response:
    async with AsyncExitStack() as request.state.ends, request.app.state.database.session() as session:
        request.state.session = session
        response = await handle(request)
        if response.status_code < 400:
            await session.commit()
        return response
