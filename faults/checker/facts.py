"""Everything that the checks look at, read once the system is quiet."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError
from temporalio.service import RPCError

from checker import kafka, outside
from checker.contract import Contract
from checker.databases import Databases, asked_by_processes, unsettled
from checker.kafka import Group, Record
from checker.outside import Run
from checker.told import Told


@dataclass(frozen=True)
class Addresses:
    postgres: str
    kafka: str
    temporal: str
    temporal_namespace: str
    mail: str


@dataclass(frozen=True)
class Facts:
    told: Told
    contract: Contract
    databases: Databases
    records: list[Record]
    groups: list[Group]
    mails: Counter[str]
    """How often each Message-ID arrived."""
    runs: list[Run]
    read_at: datetime
    """What was published later is not in `records`."""
    left: dict[str, int]
    """What was still on its way when waiting ended."""

    @cached_property
    def events(self) -> list[Record]:
        """Of the event topics; the first delivery of each event, in the order of its partition. Without an id each is one."""
        seen: set[str] = set()
        return [
            one
            for one in self.records
            if not one.topic.endswith(".state") and not (one.id and (one.id in seen or seen.add(one.id)))  # type: ignore[func-returns-value]
        ]

    @cached_property
    def orders(self) -> dict[str, dict[str, Any]]:
        return {str(row["id"]): row for row in self.databases.rows("orders", "orders")}

    @classmethod
    async def read(
        cls, addresses: Addresses, told: Told, contract: Contract, left: dict[str, int], mails: dict[int, str]
    ) -> "Facts":
        """
        Args:
            mails: `outside.message_ids` on mails that were read before; what is new is added.
        """
        # Kafka first: what is published after that is no publication without a row.
        read_at = datetime.now(UTC)
        records = await kafka.read_all(addresses.kafka, contract.topics)
        return cls(
            told=told,
            contract=contract,
            records=records,
            groups=await kafka.groups(addresses.kafka),
            databases=await Databases.read(addresses.postgres),
            mails=await outside.message_ids(addresses.mail, mails),
            runs=await outside.runs(addresses.temporal, addresses.temporal_namespace),
            read_at=read_at,
            left=left,
        )


async def settle(addresses: Addresses, contract: Contract, patience: float) -> tuple[dict[str, int], float]:
    """Waits until nothing is on its way; what is left if it takes too long, and the seconds it took."""
    began = time.monotonic()
    while True:
        try:
            left = (
                await unsettled(addresses.postgres)
                or await _mails_asked_for(addresses)
                or await kafka.lags(addresses.kafka, contract.topics)
            )
        except (OSError, KafkaError, RPCError, RuntimeError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            left = {f"unreachable: {error}"[:80]: 1}
        if not left or time.monotonic() - began > patience:
            return left, time.monotonic() - began
        await asyncio.sleep(1)


async def _mails_asked_for(addresses: Addresses) -> dict[str, int]:
    """Mails that a running process waits for. What an ended one asked for is never sent, and waits for nothing."""
    notifications = await asked_by_processes(addresses.postgres)
    if not notifications:
        return {}
    running = {
        one.id
        for one in await outside.runs(addresses.temporal, addresses.temporal_namespace)
        if one.status == "RUNNING"
    }
    asked = [one for one in notifications if any(one.startswith(f"{process}/") for process in running)]
    return {"mails of processes": len(asked)} if asked else {}
