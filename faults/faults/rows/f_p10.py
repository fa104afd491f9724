"""F-P10. Transactions that PostgreSQL breaks off are done again, a bounded number of times; nothing is counted twice."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from faults.row import Row
from faults.system import NotInjected, System

SECONDS = 40
HOLDS = 0.3
"""Seconds between the two steps of a script: a service's transaction comes between them."""
_ORDERS = "SELECT FROM orders ORDER BY submitted_at DESC LIMIT 10 FOR UPDATE"
_BUDGETS = "SELECT FROM monthly_usage FOR UPDATE"
_TABLES = "LOCK TABLE orders, outbox IN ACCESS EXCLUSIVE MODE"
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = 'orders'"
_BREAKS_OFF = """
CREATE SEQUENCE faults_broken_off;
CREATE FUNCTION faults_breaks_off() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF random() < 0.2 THEN
        PERFORM nextval('faults_broken_off');
        RAISE EXCEPTION 'could not serialize access' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER faults_breaks_off BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION faults_breaks_off();
"""
"""As isolation above READ COMMITTED would; sequences keep counting when a transaction is rolled back."""


async def inject(system: System) -> None:
    async with system.database("orders") as orders:
        before = await orders.fetchval(_DEADLOCKS)
        async with _serialization_failures(orders):
            until, turn = time.monotonic() + system.lasting(SECONDS), asyncio.Lock()
            await asyncio.gather(
                _script(system, until, turn, _ORDERS, _BUDGETS),
                _script(system, until, turn, _BUDGETS, _ORDERS),
                _script(system, until, turn, _TABLES, "SELECT pg_sleep(1)", rest=5),
            )
            system.notes["serialization_failures"] = await orders.fetchval("SELECT last_value FROM faults_broken_off")
        system.notes["deadlocks"] = await _counted(orders) - before
    if not system.notes["deadlocks"]:
        raise NotInjected("no transaction met the scripts")


async def _counted(orders: Any) -> int:
    await asyncio.sleep(1)  # until the statistics have it
    await orders.execute("SELECT pg_stat_clear_snapshot()")
    return int(await orders.fetchval(_DEADLOCKS))


async def _script(system: System, until: float, turn: asyncio.Lock, *steps: str, rest: float = 0.2) -> None:
    """One script at a time: they are to meet the services, not each other. Theirs is the transaction that is broken off last."""
    async with system.database("orders") as session:
        await session.execute("SET deadlock_timeout = '8s'")
        while time.monotonic() < until:
            with contextlib.suppress(asyncpg.PostgresError):
                async with turn, session.transaction():
                    for step in steps:
                        await session.execute(step)
                        await asyncio.sleep(HOLDS)
            await asyncio.sleep(rest)


@contextlib.asynccontextmanager
async def _serialization_failures(orders: Any) -> AsyncIterator[None]:
    await orders.execute(_BREAKS_OFF)
    try:
        yield
    finally:
        await orders.execute("DROP TRIGGER faults_breaks_off ON orders; DROP FUNCTION faults_breaks_off()")
        await orders.execute("DROP SEQUENCE faults_broken_off")


row = Row("F-P10", "PostgreSQL", "lock storm, deadlocks, serialization failures", "I4 I8", inject)
