"""F-K13. An event of a release that is not ours yet waits, with those behind it; after the upgrade they have their effect."""

from uuid import uuid4

from faults.crafted import headers, send
from faults.parked import parked
from faults.row import Row
from faults.sources import Patch
from faults.system import Failed, System

TOPIC = "countersign.identity.company"
FUTURE, BEHIND = f"{TOPIC}.created.v2", f"{TOPIC}.changed.v1"
UPGRADE = [
    Patch(
        "contracts/contracts/identity/events.py",
        "class CompanyStatusChanged(_CompanyEvent,",
        f'class CompanyCreatedV2(_CompanyEvent, type="{FUTURE}", topic=COMPANY):\n'
        "    chamber: str\n\n\n"
        "class CompanyStatusChanged(_CompanyEvent,",
    )
]
_LOGGED = "SELECT type FROM activity WHERE subject = $1 ORDER BY id"


async def inject(system: System) -> None:
    """Identity writes down every event of companies that it knows."""
    key = str(uuid4())
    body = {"company_id": key, "number": "C-FUTURE"}
    await send(system, TOPIC, key, {**body, "chamber": "Rotterdam"}, headers(FUTURE, key))
    await send(system, TOPIC, key, {**body, "fields": []}, headers(BEHIND, key, ce_sequence="2"))

    async def both_parked() -> bool:
        return [one.reason for one in await parked(system, "identity", [key])] == ["unknown-version", "follows-parked"]

    if not await system.comes(both_parked, within=30):
        raise Failed(f"parked are {await parked(system, 'identity', [key])}")
    await system.alarm("EventsParked", within=30)
    async with system.beside(*UPGRADE) as upgraded, system.database("identity") as identity:
        first = (await parked(system, "identity", [key]))[0]
        await system.operate("identity", "parked", "retry", str(first.id), PYTHONPATH=upgraded.python_path)
        logged = [row["type"] for row in await identity.fetch(_LOGGED, key)]
    if logged != [FUTURE, BEHIND]:
        raise Failed(f"after the upgrade had their effect: {logged}")


_OURS = "the row itself published it"
row = Row(
    "F-K13",
    "topic",
    "event from the future schema version",
    "I2 I3",
    inject,
    allows={
        "published-uncommitted": _OURS,
        "body-not-as-contract": _OURS,
        "effect-of-nothing": "an event that the contract of this release does not have",
        "parked": "expected",
    },
    alone=True,
)
