"""F-X6. A migration that died half way is run again and goes on; no process runs on tables that it does not know."""

from faults.beside import Beside, DidNotStart
from faults.next_release import EXPAND, MIGRATIONS, TABLE, TABLE_AS_IT_WAS, THE_ONE_AFTER
from faults.row import Row
from faults.sources import NewFile
from faults.system import Failed, System

SLOWLY = EXPAND.replace(
    "        while _migrate():\n            pass\n",
    '        while _migrate():\n            op.execute("SELECT pg_sleep(0.1)")\n',
).replace("BATCH = 50", "BATCH = 1")
"""The same, so slow that it can be met half way."""
NEXT = [*TABLE[1:], NewFile(f"{MIGRATIONS}/0002_expand.py", SLOWLY)]
AFTER = [*NEXT, THE_ONE_AFTER[-1]]
LEFT = "SELECT count(*) FROM orders WHERE buyer_reference IS DISTINCT FROM order_reference"


async def inject(system: System) -> None:
    async with system.database("orders") as orders:
        await orders.execute("UPDATE orders SET order_reference = number")  # what there is to migrate
    async with system.beside(*AFTER) as after, system.beside(*NEXT) as following:
        await _refuses(after, "a release that skipped one")
        await _refuses(following, "a release before its migration")
        try:
            await _killed_half_way(system, following)
            await _refuses(following, "a release on half a migration")
            await following.migrate("orders")
            if left := await _count(system, LEFT):
                raise Failed(f"{left} rows were not migrated")
            await following.start("orders", "worker")
            await following.stop("orders", "worker")
            await _refuses(after, "a release before its migration")
        finally:
            async with system.database("orders") as orders:
                await orders.execute(TABLE_AS_IT_WAS)


async def _refuses(release: Beside, what: str) -> None:
    try:
        await release.start("orders", "api")
    except DidNotStart:
        if release.processes.pop("orders-api").returncode == WRONG_SCHEMA:
            return
    raise Failed(f"{what} did not refuse to start on these tables")


WRONG_SCHEMA = 3
"""With which a process ends that does not know its tables."""


async def _killed_half_way(system: System, release: Beside) -> None:
    migration = await release.begin_migrating("orders")

    async def half_way() -> bool:
        exists = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'buyer_reference' AND table_name = 'orders'"
        if not await _count(system, exists):
            return False
        done = await _count(system, "SELECT count(*) FROM orders WHERE buyer_reference = order_reference")
        return done > 2 and await _count(system, LEFT) > 0

    try:
        await system.until(half_way, within=30, what="a migration that is half done")
    finally:
        migration.kill()
        await migration.communicate()
    system.notes["left_half_way"] = await _count(system, LEFT)
    if not system.notes["left_half_way"]:
        raise Failed("it was killed too late")


async def _count(system: System, query: str) -> int:
    async with system.database("orders") as orders:
        return int(await orders.fetchval(query))


row = Row("F-X6", "operator", "wrong-order migration, migration killed half way", "I1 I7", inject, alone=True)
