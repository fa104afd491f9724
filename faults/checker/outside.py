"""The mail sink, and the processes as Temporal's API tells of them."""

import email
import email.policy
from collections import Counter
from dataclasses import dataclass

import httpx2
from temporalio.client import Client


@dataclass(frozen=True)
class Run:
    """One execution of a process."""

    id: str
    status: str
    """`RUNNING`, `COMPLETED`, `FAILED`, `TERMINATED` …"""


async def message_ids(page: str, known: dict[int, str]) -> Counter[str]:
    """How often each Message-ID arrived.

    Args:
        known: of messages read before, by their number in the sink; what is new is added.
    """
    async with httpx2.AsyncClient(timeout=30) as http:
        for message in (await http.get(f"{page}/messages/")).json()["messages"]:
            if message["id"] not in known:
                source = await http.get(f"{page}/messages/{message['id']}.source")
                known[message["id"]] = str(
                    email.message_from_bytes(source.content, policy=email.policy.default)["Message-ID"]
                )
    return Counter(known.values())


async def runs(address: str, namespace: str) -> list[Run]:
    """Every execution but the reconcilers', open or closed."""
    client = await Client.connect(address, namespace=namespace)
    return [
        Run(one.id, one.status.name if one.status else "UNKNOWN")
        async for one in client.list_workflows()
        if one.workflow_type != "Reconcile"
    ]
