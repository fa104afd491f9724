"""The tables of the four services, read with the administrator's own eyes."""

from collections.abc import Iterator
from typing import Any

import asyncpg

Rows = list[dict[str, Any]]

SERVICES = ("identity", "pricing", "orders", "notifications")
_EVERYWHERE = {
    "outbox": "SELECT event_id, topic, key, type, sequence, value, published_at, parked_reason FROM outbox ORDER BY id",
    "inbox": "SELECT event_id FROM inbox",
    "parked": 'SELECT topic, partition, "offset", key, headers, value, event_id, type, reason, status FROM parked_events',
}
_OWN = {
    "identity": {
        "companies": "SELECT * FROM companies",
        "members": "SELECT * FROM members",
        "contacts": "SELECT id, sequence, email FROM contacts",
        "applications": "SELECT * FROM applications",
        "invitations": "SELECT * FROM invitations",
        "activity": "SELECT event_id, type, actor, company_id, subject FROM activity",
    },
    "orders": {
        "orders": "SELECT * FROM orders",
        "lines": "SELECT order_id, count(*) AS lines, sum(net) AS net FROM order_lines GROUP BY order_id",
        "usage": "SELECT * FROM monthly_usage",
        "companies": "SELECT * FROM buyer_companies",
        "members": "SELECT * FROM buyer_members",
    },
    "notifications": {
        "deliveries": "SELECT * FROM deliveries",
        "contacts": "SELECT * FROM contacts",
    },
}


class Databases:
    """`rows("orders", "usage")` are the rows of that query."""

    def __init__(self, found: dict[tuple[str, str], Rows]) -> None:
        self._found = found

    def rows(self, service: str, name: str) -> Rows:
        return self._found[service, name]

    def everywhere(self, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The rows of a table that every service has, with the service."""
        for service in SERVICES:
            yield from ((service, row) for row in self._found[service, name])

    @classmethod
    async def read(cls, administrator: str) -> "Databases":
        """
        Args:
            administrator: URL of the database `postgres`.
        """
        found: dict[tuple[str, str], Rows] = {}
        for service in SERVICES:
            connection = await asyncpg.connect(f"{administrator.rsplit('/', 1)[0]}/{service}")
            try:
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    for name, query in (_EVERYWHERE | _OWN.get(service, {})).items():
                        found[service, name] = [dict(row) for row in await connection.fetch(query)]
            finally:
                await connection.close()
        return cls(found)


async def unsettled(administrator: str) -> dict[str, int]:
    """How much is still on its way in each database; only what there is."""
    queries = {service: {"unpublished": "SELECT count(*) FROM outbox WHERE published_at IS NULL AND parked_reason IS NULL"}
               for service in SERVICES}  # fmt: skip
    queries["orders"]["attested"] = "SELECT count(*) FROM orders WHERE status IN ('submitted', 'attested')"
    queries["identity"]["approving"] = "SELECT count(*) FROM applications WHERE status = 'approving'"
    queries["notifications"]["mails"] = (
        "SELECT count(*) FROM deliveries WHERE status = 'sending' OR status = 'pending' AND give_up_at IS NOT NULL"
    )
    found = {}
    for service, counts in queries.items():
        connection = await asyncpg.connect(f"{administrator.rsplit('/', 1)[0]}/{service}", timeout=10)
        try:
            for name, query in counts.items():
                if many := await connection.fetchval(query):
                    found[f"{service} {name}"] = many
        finally:
            await connection.close()
    return found


async def asked_by_processes(administrator: str) -> list[str]:
    """Notifications of mails that are tried again only while their process asks for them."""
    connection = await asyncpg.connect(f"{administrator.rsplit('/', 1)[0]}/notifications", timeout=10)
    try:
        rows = await connection.fetch(
            "SELECT notification FROM deliveries WHERE status = 'pending' AND give_up_at IS NULL"
        )
        return [row["notification"] for row in rows]
    finally:
        await connection.close()
