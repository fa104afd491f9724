"""F-P12. After a crash sequences go on up to 32 numbers later; the relay waits for no number that will never come."""

from typing import Any

from faults.row import Row
from faults.system import System
from local_stack.layout import SERVICES

JUMP = 32
"""Numbers that PostgreSQL reserves ahead in its log."""
TIMES = 2
_SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences"
_JUMP = "SELECT setval($1::text::regclass, nextval($1::text::regclass) + $2)"
_GAPS = f"""
SELECT count(*) FROM (SELECT id - lag(id) OVER (ORDER BY id) AS step FROM outbox) steps WHERE step > {JUMP}
"""


async def inject(system: System) -> None:
    for service in SERVICES:
        async with system.database(service) as database:
            sequences = [row[0] for row in await database.fetch(_SEQUENCES)]
            for _ in range(TIMES):
                for sequence in sequences:
                    await database.fetchval(_JUMP, sequence, JUMP)
                await _next_event(system, database)
            system.notes[f"gaps_{service}"] = await database.fetchval(_GAPS)


async def _next_event(system: System, database: Any) -> None:
    """Pricing and notifications may have none for a while."""
    last = await _last(database)

    async def there() -> bool:
        return bool(await _last(database) > last)

    await system.comes(there, within=3)


async def _last(database: Any) -> int:
    return int(await database.fetchval("SELECT coalesce(max(id), 0) FROM outbox"))


row = Row("F-P12", "PostgreSQL", "sequence jump of 32 after crash", "I3 I6", inject, alone=True)
