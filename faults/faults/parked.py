"""What consumers have parked of some keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from faults.system import System

_PARKED = """
SELECT id, convert_from(key, 'UTF8') AS key, reason, status FROM parked_events
WHERE convert_from(key, 'UTF8') = ANY($1::text[]) ORDER BY topic, "partition", "offset"
"""


@dataclass(frozen=True)
class Parked:
    id: int
    key: str
    reason: str
    status: str


async def parked(system: System, service: str, keys: Sequence[str]) -> list[Parked]:
    """In their order."""
    async with system.database(service) as connection:
        return [Parked(**dict(row)) for row in await connection.fetch(_PARKED, list(keys))]


async def drop(system: System, service: str, keys: Sequence[str]) -> None:
    """As an operator gives events up, so that no alarm is left behind."""
    for one in await parked(system, service, keys):
        if one.status == "parked":
            await system.operate(service, "parked", "drop", str(one.id))
