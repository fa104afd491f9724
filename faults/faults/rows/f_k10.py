"""F-K10. What can never be handled is put aside with its bytes; other keys go on, and nobody spins."""

import asyncio
import os
from pathlib import Path
from uuid import uuid4

from faults.crafted import headers, send
from faults.parked import drop, parked
from faults.row import Row
from faults.sources import Patch
from faults.system import Failed, System

TOPIC = "countersign.orders.order"
READERS = ("orders", "notifications", "identity")
MOST_CPU = 0.2
"""Of a core, for each consumer."""
FIVE_MB = 5_000_000
POISON = "O-POISON"
_HANDLED = "        change = RowChanged("
FAILS = Patch(
    "services/orders/orders/attestation/consumers.py",
    _HANDLED,
    f'        assert event.number != "{POISON}", "it always fails"\n{_HANDLED}',
)


async def inject(system: System) -> None:
    system.need_split()
    undecodable, unknown, failing, large = (f"poison-{uuid4()}" for _ in range(4))
    order_id = str(uuid4())
    system.made.add(order_id)
    await send(system, TOPIC, undecodable, b"\xff\x00 no JSON", [])
    await send(system, TOPIC, unknown, {"order_id": order_id}, headers(f"{TOPIC}.placed.v99", unknown))
    attested = {
        "order_id": order_id,
        "number": POISON,
        "company_id": str(uuid4()),
        "attested_by": None,
        "attested_at": "2026-01-01T00:00:00Z",
        "total": {"amount": "1.00", "currency": "EUR"},
    }
    await send(system, TOPIC, failing, attested, headers(f"{TOPIC}.attested.v1", failing))
    padded = {"order_id": order_id, "padding": "x" * FIVE_MB}
    await send(system, TOPIC, large, padded, headers(f"{TOPIC}.confirmed.v1", large))
    expected = {
        "orders": {undecodable: "undecodable", failing: "handler-failed"},
        "notifications": {undecodable: "undecodable", unknown: "unknown-version", large: "undecodable"},
        "identity": {undecodable: "undecodable", unknown: "unknown-version", large: "undecodable"},
    }
    keys = [undecodable, unknown, failing, large]
    for service, reasons in expected.items():

        async def as_expected(service: str = service, reasons: dict[str, str] = reasons) -> bool:
            return {one.key: one.reason for one in await parked(system, service, keys)} == reasons

        if not await system.comes(as_expected, within=30):
            raise Failed(f"{service} parked {await parked(system, service, keys)}")
    seconds = system.lasting(20)
    pids = {service: system.stack.pid(f"{service}-consumer") for service in READERS}
    before = {service: _cpu(pid) for service, pid in pids.items()}
    await asyncio.sleep(seconds)
    shares = {service: round((_cpu(pid) - before[service]) / seconds, 3) for service, pid in pids.items()}
    system.notes["consumers_cpu"] = shares
    if max(shares.values()) > MOST_CPU:
        raise Failed(f"the consumers take {shares} of a core")
    for service in READERS:
        await drop(system, service, keys)


def _cpu(pid: int) -> float:
    """Seconds that it has had, in its own code and in the kernel."""
    user, kernel = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(kernel)) / os.sysconf("SC_CLK_TCK")


_OURS = "the row itself published it"
row = Row(
    "F-K10",
    "consumer",
    "poison: undecodable, unknown version, valid but always failing, 5 MB",
    "I2 I3 I6",
    inject,
    [FAILS],
    allows={
        "published-uncommitted": _OURS,
        "wrong-key": _OURS,
        "headers-not-as-contract": _OURS,
        "body-not-as-contract": _OURS,
        "sequence": _OURS,
        "chain-of-nothing": _OURS,
        "parked": "expected",
    },
)
