"""Where the relay begins to look: below it nothing will ever have to be published.

Published rows leave dead entries in the index of unpublished ones. Any transaction of the cluster that stays open keeps them
there, in hundreds of thousands, and a look that begins at the first would step over all of them each time.
"""

import asyncio
from typing import Any

EVERY = 1.0
"""Seconds between two looks at who writes."""
_LAST = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('outbox', 'id')), 0)"
"""The highest number that anybody has been given."""
_WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'outbox'::regclass AND mode = 'RowExclusiveLock'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid IS DISTINCT FROM pg_backend_pid()
"""
"""Who inserts holds this lock from before he has a number until what he wrote can be seen, or never will be."""
_BELOW_THE_FIRST = """
SELECT least($1, (SELECT id - 1 FROM outbox WHERE id > $2 AND published_at IS NULL ORDER BY id LIMIT 1))
"""
"""Parked rows are among them: who looks at one may let it be published."""


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
        self._given = 0
        self._writers: set[str] | None = None
        """Those who may still write what they were given up to `_given`; None: nobody looked."""
        self.id = 0
        """The first look is for greater ones."""

    async def rise(self) -> None:
        """As far as it can by now. Cheap enough to be called after every look."""
        if self._writers is not None and not self._writers:
            self.id = await self._connection.fetchval(_BELOW_THE_FIRST, self._given, self.id)
            self._writers = None
        elif self._clock() >= self._next_look:
            self._next_look = self._clock() + EVERY
            if self._writers is None:
                self._given = await self._connection.fetchval(_LAST)
                self._writers = await self._writing()
            else:
                self._writers &= await self._writing()

    async def _writing(self) -> set[str]:
        return {row[0] for row in await self._connection.fetch(_WRITERS)}
