"""F-X7. People are erased while orders of theirs are under way: no store knows them any more, whoever heard of it late, and
each order goes on to a lawful end without them."""

import asyncio
from dataclasses import dataclass, replace

from faults.client import Account
from faults.load import Load
from faults.row import Row
from faults.shop import ATTESTER_PERMISSIONS, BUYER_PERMISSIONS, Company
from faults.system import Failed, System
from local_stack.layout import SERVICES, Layout

UNHEARD = 20.0
"""Seconds in which nobody hears that they were erased."""
WITHIN = 60.0
LAWFUL_ENDS = {"placed", "refused"}
"""Of an order that its company has said yes to: refused, where the merchant's policy asks who submitted it to be there still."""


@dataclass(frozen=True)
class Planted:
    """A person whose address stands nowhere else."""

    account: Account
    word: str
    contact_id: str


async def inject(system: System) -> None:
    system.need_split()
    load, company = system.load, system.load.shop.companies[0]
    waiting, at_once, late = [
        await _plant(system, company, role="user", permissions=BUYER_PERMISSIONS, always_attested=True)
        for _ in range(3)
    ]
    attester = await _plant(system, company, role="employee", permissions=ATTESTER_PERMISSIONS)
    people = (waiting, at_once, late, attester)
    orders = [await _submit(load, company, buyer.account) for buyer in (waiting, at_once, late)]
    for one in people:
        if not await _stores_that_know(system, one.word):
            raise Failed("nothing knew them before: this row would see nothing")
    await asyncio.gather(_erase(system, company, waiting), _erase(system, company, attester))
    await load.act("attest", orders[0], company.attester)
    await asyncio.gather(_erase(system, company, at_once), load.act("attest", orders[1], company.attester))
    async with system.stopped("orders-consumer", "notifications-consumer"):
        await asyncio.gather(_erase(system, company, late), load.act("attest", orders[2], company.attester))
        await asyncio.sleep(system.lasting(UNHEARD))
    system.notes["orders_ended"] = [await _end(system, order_id) for order_id in orders]
    for one in people:
        await _is_gone(system, one.word)
    if not await system.comes(lambda: _no_mail_waits(system, people), within=WITHIN):
        raise Failed("a mail to somebody who was erased still waits for him")
    system.made |= set(await _mails_to(system, people))


async def _plant(system: System, company: Company, **terms: object) -> Planted:
    shop, client = system.load.shop, system.load.shop.client
    word = f"planted{system.chance.getrandbits(48):012x}"
    account = await shop.join(company.company_id, company.administrator, f"{word}@{word}.example", **terms)
    me = await client.must("read", "identity", "/me", method="GET", by=account)
    return Planted(account, word, me["member"]["contact_id"])


async def _submit(load: Load, company: Company, buyer: Account) -> str:
    """An order that waits for the company."""
    order_id, status = await load.submit(replace(company, waiting_buyer=buyer), buyer)
    if status != "awaiting_attestation":
        raise Failed(f"the order of somebody who must always be attested is {status}")
    return order_id


async def _erase(system: System, company: Company, person: Planted) -> None:
    """Who manages the members lets him go, and the merchant erases him."""
    client, path = system.load.shop.client, f"/members/{person.account.member_id}"
    await client.must("member.remove", "identity", path, method="DELETE", by=company.administrator)
    path = f"/contacts/{person.contact_id}/erase"
    await client.must("person.erase", "identity", path, by=system.load.shop.staff)


async def _is_gone(system: System, word: str) -> None:
    async def forgotten() -> bool:
        return not await _stores_that_know(system, word)

    if not await system.comes(forgotten, within=WITHIN):
        raise Failed(f"an erased person is still in {', '.join(sorted(await _stores_that_know(system, word)))}")
    logs = Layout(system.stack.name).logs.glob("*.log")
    if found := [log.name for log in logs if word in log.read_text(errors="replace")]:
        raise Failed(f"an erased person is in {', '.join(found)}")


async def _stores_that_know(system: System, word: str) -> set[str]:
    """`service.table` of all tables with this word in any column."""
    found = set()
    for service in SERVICES:
        async with system.database(service) as connection:
            for table, columns in await connection.fetch(_TABLES):
                texts = ["row::text", *(f"encode({name}, 'escape')" for name in columns or ())]
                known = " OR ".join(f"strpos({text}, $1) > 0" for text in texts)
                if await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{table}" row WHERE {known})', word):
                    found.add(f"{service}.{table}")
    return found


_TABLES = """
    SELECT table_name, array_agg(quote_ident(column_name)) FILTER (WHERE data_type = 'bytea')
    FROM information_schema.tables JOIN information_schema.columns USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY table_name
"""
"""With their columns of bytes."""


async def _mails_to(system: System, people: tuple[Planted, ...]) -> dict[str, str]:
    """Status by Message-ID."""
    async with system.database("notifications") as notifications:
        rows = await notifications.fetch(
            "SELECT message_id, status FROM deliveries WHERE contact_id::text = ANY($1)",
            [one.contact_id for one in people],
        )
    return {row["message_id"]: row["status"] for row in rows}


async def _no_mail_waits(system: System, people: tuple[Planted, ...]) -> bool:
    return {"pending", "sending"}.isdisjoint((await _mails_to(system, people)).values())


async def _end(system: System, order_id: str) -> str:
    async def ended() -> str:
        async with system.database("orders") as orders:
            status = str(await orders.fetchval("SELECT status FROM orders WHERE id::text = $1", order_id))
        return status if status in LAWFUL_ENDS else ""

    if not (status := await system.comes(ended, within=WITHIN)):
        raise Failed("the order of an erased person has no end")
    return status


row = Row(
    "F-X7",
    "operator",
    "erasure during in-flight order",
    "I1 I4 I9",
    inject,
    allows={"mail-failed": "nobody is mailed any more who was erased"},
)
