"""F-P6. Without room for data writes are refused and reads go on; without room for its log PostgreSQL waits for room."""

import asyncio
from typing import Any

import httpx2

from faults.full_disk import data_of_postgres, full, small
from faults.row import Row
from faults.system import Failed, NotInjected, System

SECONDS = 20
ROOM = 40_000_000
"""Bytes: of a log segment that is begun, and two more."""
_LOG = "pg_wal"
_DATA = "base"


async def inject(system: System) -> None:
    data = data_of_postgres(system)
    async with small(system, "postgres", data / _DATA, room=ROOM):
        await _settled(system)
        with full(data / _DATA):
            await _reads_go_on(system, system.lasting(SECONDS))
        await asyncio.sleep(5)
    async with small(system, "postgres", data / _LOG, room=ROOM):
        await _settled(system)
        with full(data / _LOG):
            await _log_is_used_up(system)
            await asyncio.sleep(system.lasting(SECONDS))
        system.notes["ready_after_log_had_room_s"] = round(await system.ready("postgres"), 1)
        await asyncio.sleep(5)


async def _settled(system: System) -> None:
    await system.ready("postgres", *system.stack.processes)
    await asyncio.sleep(3)


async def _reads_go_on(system: System, seconds: float) -> None:
    """
    Raises:
        Failed: what was kept can not be read, although nothing is to be written for it.
    """
    end = asyncio.get_running_loop().time() + seconds
    shop, refused = system.load.shop, 0
    path = f"{system.stack.services['orders']}/v1/orders"
    async with httpx2.AsyncClient(timeout=10) as http, system.database("orders") as orders:
        token = await shop.companies[0].administrator.token()
        while asyncio.get_running_loop().time() < end:
            answer = await http.get(path, headers={"Authorization": f"Bearer {token}"})
            if not answer.is_success:
                raise Failed(f"orders can not be read: {answer.status_code} {answer.text[:200]}")
            refused += await _no_room(orders)
            await asyncio.sleep(0.5)
    system.notes["found_no_room"] = refused


async def _no_room(orders: Any) -> int:
    """A table that grows by 8 kB at each row."""
    try:
        await orders.execute(
            "CREATE TABLE faults_grows AS SELECT repeat(md5(n::text), 50) AS it FROM generate_series(1, 5000) n"
        )
        await orders.execute("DROP TABLE faults_grows")
    except Exception as error:  # noqa: BLE001 - whatever it says, it is looked at
        return int("No space left" in str(error))
    return 0


async def _log_is_used_up(system: System) -> None:
    """Until PostgreSQL is gone: the load writes, and so do we.

    Raises:
        NotInjected: it found room all the time.
    """
    end = asyncio.get_running_loop().time() + 60
    try:
        async with system.database() as admin:
            while asyncio.get_running_loop().time() < end:
                await admin.execute("SELECT pg_logical_emit_message(true, 'faults', repeat('x', 1000000))")
    except Exception as error:  # noqa: BLE001 - the server ends under it
        system.notes["log_full"] = repr(error)[:150]
    else:
        raise NotInjected("PostgreSQL found room for its log")


row = Row("F-P6", "PostgreSQL", "disk full on WAL / on data", "I7 I8", inject)
