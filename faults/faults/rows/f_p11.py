"""F-P11. A service that forgot a part of its past is noticed, publishes nothing, and goes on after an operator did his part:
what is lost is listed, no number is given twice, and nobody is told a second time.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from faults.row import Row
from faults.system import Failed, NotInjected, System
from local_stack import StackError
from local_stack.layout import ROLES, Layout
from local_stack.postgres import BIN

SERVICE = "orders"
SECONDS = 20
"""From the backup to the moment when the database is gone; and of orders after it is back."""
EPOCH = {"COUNTERSIGN_EPOCH": "2"}


async def inject(system: System) -> None:
    system.need_split()
    folder = Layout(system.stack.name).directory / "backup"
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    backup, report = folder / "orders.dump", folder / "lost.jsonl"
    await _run(system, str(BIN / "pg_dump"), "--format=custom", f"--file={backup}", f"--dbname={_url(system)}")
    await asyncio.sleep(system.lasting(SECONDS))
    for role in ROLES:
        await asyncio.to_thread(system.stack.stop, f"{SERVICE}-{role}")
    before = await _numbers(system)
    await _restore(system, backup)
    kept = await _numbers(system)
    lost = {order: number for order, number in before.items() if order not in kept}
    if not lost:
        raise NotInjected("nothing was ordered between backup and restore")
    await _notices(system)
    await _run(system, sys.executable, "-m", SERVICE, "restored", "--report", str(report), **EPOCH)
    await _is_listed(system, report, lost)
    await system.tell(SERVICE, EPOCH)
    await _run(system, sys.executable, "-m", SERVICE, "reconcile", **EPOCH)
    await asyncio.sleep(system.lasting(SECONDS))
    new = {number for order, number in (await _numbers(system)).items() if order not in before}
    system.notes |= {"lost_orders": len(lost), "new_orders": len(new)}
    if twice := new & set(before.values()):
        raise Failed(f"numbers were given twice: {sorted(twice)[:5]}")


async def _restore(system: System, backup: Path) -> None:
    async with system.database() as admin:
        await admin.execute(f"DROP DATABASE {SERVICE} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {SERVICE} OWNER {SERVICE}")
        await admin.execute(f"REVOKE CONNECT, TEMPORARY ON DATABASE {SERVICE} FROM PUBLIC")
    await _run(system, str(BIN / "pg_restore"), "--exit-on-error", f"--dbname={_url(system)}", str(backup))


async def _notices(system: System) -> None:
    """
    Raises:
        Failed: the relay publishes as if nothing had happened.
    """
    starting = asyncio.create_task(asyncio.to_thread(system.stack.start, f"{SERVICE}-relay", patience=15))
    await system.alarm("DatabaseRestored", within=30)
    try:
        await starting
    except StackError:
        await asyncio.to_thread(system.stack.stop, f"{SERVICE}-relay")
    else:
        raise Failed("a relay says that it is ready on a database that does not know what was published")


async def _is_listed(system: System, report: Path, lost: dict[str, str]) -> None:
    """
    Raises:
        Failed: the report does not have all of it.
    """
    text = await asyncio.to_thread(report.read_text)
    events = [json.loads(line) for line in text.splitlines()]
    system.made |= {name for one in events for name in (one["key"], one["id"])}
    system.made |= {f"order-attestation/{number}" for number in lost.values()}
    system.notes["lost_events"] = len(events)
    if missing := lost.keys() - {one["key"] for one in events}:
        raise Failed(f"{len(missing)} of {len(lost)} lost orders are not in the report")


async def _numbers(system: System) -> dict[str, str]:
    """By order."""
    async with system.database(SERVICE) as database:
        return {str(row["id"]): row["number"] for row in await database.fetch("SELECT id, number FROM orders")}


def _url(system: System) -> str:
    return f"{system.stack.postgres.rsplit('/', 1)[0]}/{SERVICE}"


async def _run(system: System, *command: str, **told: str) -> None:
    """
    Raises:
        Failed: the command did; the end of what it said.
    """
    environment = {**os.environ, **system.stack.environment[SERVICE], **told}
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        cwd=Layout(system.stack.name).directory,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise Failed(f"{Path(command[0]).name} {' '.join(command[1:4])}: {said.decode(errors='replace')[-500:]}")


_FORGOTTEN = "the backup does not have it, the report does"
row = Row(
    "F-P11",
    "PostgreSQL",
    "restore yesterday's backup of ONE service",
    "I2 I3 I8",
    inject,
    allows=dict.fromkeys(
        (
            "acknowledged-order-missing",
            "act-lost",
            "chain-of-nothing",
            "chain-broken",
            "chain-incomplete",
            "published-uncommitted",
            "sequence",
            "state-stale",
            "process-without-row",
            "process-not-ended",
        ),
        _FORGOTTEN,
    ),
    alone=True,
)
