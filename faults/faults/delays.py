"""How long events took from the transaction that made them to their effect."""

from datetime import UTC, datetime

from faults.system import System

_MADE = "SELECT event_id, created_at FROM outbox WHERE created_at BETWEEN $1 AND $2 AND topic = $3"
_DONE = "SELECT event_id, received_at FROM inbox WHERE received_at >= $1"


async def delays(system: System, topic: str, reader: str, since: float, until: float) -> list[float | None]:
    """Seconds of each event of this topic that was made in that time; None: it has had no effect at this reader yet."""
    begin, end = (datetime.fromtimestamp(at, UTC) for at in (since, until))
    async with system.database(topic.split(".")[1]) as publisher:
        made = {row["event_id"]: row["created_at"] for row in await publisher.fetch(_MADE, begin, end, topic)}
    async with system.database(reader) as connection:
        done = {row["event_id"]: row["received_at"] for row in await connection.fetch(_DONE, begin)}
    return [(done[one] - at).total_seconds() if one in done else None for one, at in made.items()]
