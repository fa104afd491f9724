"""Tells the relay of a service that there is something to publish, so that it need not look all the time.

After the commit and outside its transaction: a notification inside would make all commits of the cluster take turns at
one lock. One that is lost costs no more than the relay's next look.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from chassis.transient import is_transient

log = logging.getLogger(__name__)

CHANNEL = "outbox"
NOTIFY = f"SELECT set_config('synchronous_commit', 'off', true), pg_notify('{CHANNEL}', '')"
"""It has nothing to keep, so nobody waits for the disk."""
PAUSE = 0.005
"""Seconds between two notifications; commits that come faster share one."""


class Waker:
    """Wakes by `notify`, which runs `NOTIFY`."""

    def __init__(self, notify: Callable[[], Awaitable[None]]) -> None:
        self._notify = notify
        self._committed = asyncio.Event()

    def committed(self) -> None:
        """Called after each commit that wrote events."""
        self._committed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._committed.wait()
            self._committed.clear()
            try:
                await self._notify()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.debug("the relay is not woken and will look by itself", extra={"error": repr(error)[:200]})
            await asyncio.sleep(PAUSE)
