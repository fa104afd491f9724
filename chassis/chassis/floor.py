"""Where the relay begins to look: below it nothing will ever have to be published.

Published rows leave dead entries in the index of unpublished ones. Any transaction of the cluster that stays open keeps them
there, in hundreds of thousands, and a look that begins at the first would step over all of them each time.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

EVERY = 1.0
"""Seconds between two looks at who writes."""
_WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'outbox'::regclass AND mode = 'RowExclusiveLock'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid IS DISTINCT FROM pg_backend_pid()
"""
"""Who inserts holds this lock from before he has a number until what he wrote can be seen, or never will be."""
_FIRST_PARKED = "SELECT min(id) FROM outbox WHERE parked_reason IS NOT NULL AND published_at IS NULL"


class Floor:
    """Rises while one connection leads; starts at the bottom with the next."""

    def __init__(self, connection: Any) -> None:
        """
        Args:
            connection: asyncpg's, of the relay.
        """
        self._connection = connection
        self._clock = asyncio.get_running_loop().time
        self._next_look = 0.0
        self._highest = 0
        self._wanted = 0
        self._writers: set[str] | None = None
        """Those who may still write below `_wanted`; None: nobody looked."""
        self.id = 0
        """The first look is for greater ones."""

    async def taken(self, rows: Sequence[Any]) -> None:
        """After every look from `id`, once what it gave was published.

        Args:
            rows: the first that it gave, and the last that was published.
        """
        if rows:
            self._highest = max(self._highest, rows[-1]["id"])
        if self._writers is not None and not self._writers and (not rows or rows[0]["id"] > self._wanted):
            parked = await self._connection.fetchval(_FIRST_PARKED)
            self.id = self._wanted if parked is None else min(self._wanted, parked - 1)
            self._writers = None
        elif self._clock() >= self._next_look and (self._writers is None or self._writers):
            self._next_look = self._clock() + EVERY
            writing = {row[0] for row in await self._connection.fetch(_WRITERS)}
            if self._writers is None:
                self._wanted, self._writers = self._highest, writing
            else:
                self._writers &= writing
