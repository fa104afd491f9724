"""Which errors pass by themselves: found by pulling every plug."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import asyncpg
from aiokafka.errors import KafkaError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InternalError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from temporalio.service import RPCError, RPCStatusCode

from chassis.errors import NotYet

R = TypeVar("R")

SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Seconds."""
_PERMANENT_SQL = (IntegrityError, DataError, ProgrammingError, NotSupportedError, InternalError)
_RETRYABLE_STATES = {"40001", "40P01", "55P03", "57014", "53100", "53200", "53300", "57P01", "57P02", "57P03", "25P03"}
"""Serialization failure, deadlock, lock or statement time-out, out of disk, memory or connections, shutting down."""
_PERMANENT_RPC = {
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.ALREADY_EXISTS,
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.UNIMPLEMENTED,
    RPCStatusCode.OUT_OF_RANGE,
}


def is_transient(error: BaseException) -> bool:
    """Whether trying again later may succeed without anybody changing anything."""
    if isinstance(error, DBAPIError):
        # The server has said that it ends this connection, and asyncpg has not seen the end yet.
        ending = isinstance(error.driver_exception, asyncpg.InternalClientError)
        return ending or _sql_state(error) in _RETRYABLE_STATES or not isinstance(error, _PERMANENT_SQL)
    if isinstance(error, RPCError):
        return error.status not in _PERMANENT_RPC
    if isinstance(error, asyncpg.PostgresError) and _sql_state(error) in _RETRYABLE_STATES:
        return True
    return isinstance(
        error,
        (
            OSError,
            PoolTimeout,
            asyncio.TimeoutError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            asyncpg.PostgresConnectionError,
            asyncpg.CannotConnectNowError,
            asyncpg.TooManyConnectionsError,
            asyncpg.OperatorInterventionError,
            KafkaError,
            NotYet,
        ),
    )


async def retried(
    act: Callable[[], Awaitable[R]],
    *,
    within: timedelta | None = None,
    note: Callable[[Exception], None] | None = None,
) -> R:
    """What `act` answers, which is tried again after transient errors, with growing pauses.

    Args:
        within: for so long; None: for as long as it takes.
        note: is told of each error before the next attempt.

    Raises:
        Exception: any other, and what went wrong last when the time was over.
    """
    clock = asyncio.get_running_loop().time
    pause, deadline = SHORTEST_PAUSE, clock() + within.total_seconds() if within else math.inf
    while True:
        try:
            return await act()
        except Exception as error:
            if not is_transient(error) or clock() + pause > deadline:
                raise
            if note:
                note(error)
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
        pause = min(pause * 2, LONGEST_PAUSE)


def is_contention(error: BaseException) -> bool:
    """A deadlock or serialization failure: the same transaction again, at once, usually succeeds."""
    return isinstance(error, DBAPIError | asyncpg.PostgresError) and _sql_state(error) in ("40001", "40P01")


def is_duplicate(error: BaseException) -> bool:
    """Two who made the same at the same moment: a unique index let one through."""
    return isinstance(error, IntegrityError) and _sql_state(error) == "23505"


def _sql_state(error: DBAPIError | asyncpg.PostgresError) -> str | None:
    original = error.orig if isinstance(error, DBAPIError) else error
    return getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
