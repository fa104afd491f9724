"""F-P3. Any connection may be lost at any statement."""

import asyncio

from faults.row import Row
from faults.system import System

SECONDS, A_SECOND = 20, 5
_VICTIMS = """
SELECT pid FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND usename <> 'admin' ORDER BY pid
"""


async def inject(system: System) -> None:
    async with system.database() as admin:
        for _ in range(SECONDS * A_SECOND):
            victims = [row["pid"] for row in await admin.fetch(_VICTIMS)]
            if victims:
                await admin.execute("SELECT pg_terminate_backend($1)", system.chance.choice(victims))
            await asyncio.sleep(1 / A_SECOND)


row = Row("F-P3", "PostgreSQL", "terminate random backends 5/s", "I1 I6", inject)
