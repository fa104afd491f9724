"""F-N1. Whatever a mail server does with a mail, it is the same mail when it comes again, and everybody can see where it is."""

import asyncio

from faults.mail_server import MailServer, Mood
from faults.row import Row
from faults.system import Failed, System

SECONDS = {Mood.REFUSES: 20, Mood.DROPS: 20, Mood.FORGETS: 20, Mood.HANGS: 300}
_WAITING = "SELECT DISTINCT reason FROM deliveries WHERE status IN ('pending', 'sending') AND reason IS NOT NULL"


async def inject(system: System) -> None:
    server, proxy, seen = MailServer(system.stack.smtp), system.proxies["smtp"], set[str]()
    usual = proxy.target
    async with server.open() as port:
        proxy.target = port
        proxy.reset()
        try:
            for mood, seconds in SECONDS.items():
                server.mood = mood
                await asyncio.sleep(system.lasting(seconds))
                seen |= await _reasons(system)
        finally:
            server.mood = Mood.KIND
            proxy.target = usual
            proxy.reset()
    system.made |= set(server.taken)
    again = sum(many > 1 for many in server.taken.values())
    system.notes |= {"met": dict(server.met), "handed_over_again": again, "reasons_shown": sorted(seen)}
    if not seen:
        raise Failed("no delivery says why it waits")
    await _agrees(system, server)


async def _reasons(system: System) -> set[str]:
    async with system.database("notifications") as notifications:
        return {row["reason"] for row in await notifications.fetch(_WAITING)}


async def _agrees(system: System, server: MailServer) -> None:
    """No mail was handed over more often than its delivery says."""
    async with system.database("notifications") as notifications:
        rows = await notifications.fetch("SELECT message_id, attempts FROM deliveries")
    attempts = {row["message_id"]: row["attempts"] for row in rows}
    if uncounted := [one for one, many in server.taken.items() if many > attempts.get(one, 0)]:
        raise Failed(f"handed over more often than counted: {uncounted}")


row = Row(
    "F-N1",
    "notifications",
    "SMTP refuses, accepts then drops, accepts twice, hangs 5 min",
    "I2 I7",
    inject,
    proxied=["smtp"],
    allows={"mail-twice": "the server took it and did not say so"},
)
