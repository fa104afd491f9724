"""F-O5. One event that can not be published holds up its own key; it is reported, and everybody else's go on."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from faults.row import Row
from faults.system import Failed, System

TOPIC, TYPE = "countersign.pricing.article", "countersign.pricing.article.changed.v1"
TOO_LARGE = 2_000_000
_STAMP = {
    "time": "2026-01-01T00:00:00+00:00",
    "correlation_id": "fault",
    "causation_id": "fault",
    "actor": "process:fault",
    "traceparent": None,
}
_INSERT = """
INSERT INTO outbox (event_id, topic, key, type, sequence, value, headers)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb) RETURNING id
"""
_STANDS = "SELECT published_at IS NOT NULL AS published, parked_reason FROM outbox WHERE id = $1"


async def inject(system: System) -> None:
    async with system.database("pricing") as pricing:

        async def put(key: str, sequence: int, padding: int, stamp: dict[str, Any]) -> int:
            value = json.dumps({"article": "A-1", "padding": "x" * padding}).encode()
            return int(await pricing.fetchval(_INSERT, uuid4(), TOPIC, key, TYPE, sequence, value, json.dumps(stamp)))

        async def reason(row: int) -> str | None:
            return str((await pricing.fetchrow(_STANDS, row))["parked_reason"] or "") or None

        async def is_published(row: int) -> bool:
            return bool((await pricing.fetchrow(_STANDS, row))["published"])

        large, unreadable, other = (f"fault-{uuid4()}" for _ in range(3))
        bad = [await put(large, 1, TOO_LARGE, _STAMP), await put(unreadable, 1, 0, {})]
        behind = [await put(large, 2, 0, _STAMP), await put(unreadable, 2, 0, _STAMP)]
        free = await put(other, 1, 0, _STAMP)
        if not await system.comes(lambda: is_published(free), within=15):
            raise Failed("the event of another key was not published")
        system.notes["reasons"] = [await system.comes(lambda row=row: reason(row), within=15) for row in bad]  # type: ignore[misc]
        if not all(system.notes["reasons"]):
            raise Failed(f"not parked: {system.notes['reasons']}")
        await system.alarm("OutboxParked", within=30)
        await asyncio.sleep(system.lasting(10))
        if any([await is_published(row) for row in behind]):
            raise Failed("an event was published before an earlier one of its key")
        # Somebody repairs them.
        value = json.dumps({"article": "A-1"}).encode()
        repair = "UPDATE outbox SET parked_reason = NULL, value = $2, headers = $3::jsonb WHERE id = ANY($1::bigint[])"
        await pricing.execute(repair, bad, value, json.dumps(_STAMP))
        if not await system.comes(lambda: is_published(max(behind)), within=15):
            raise Failed("the events behind the repaired ones were not published")


row = Row("F-O5", "relay", "one event can not be written, one is larger than Kafka takes", "I3 I6", inject)
