"""F-X1. Nobody asks identity who somebody is: its keys and members are known, and who was revoked unheard is out when
his token ends, in five minutes at most."""

import asyncio
import time

from faults.client import Account
from faults.row import Row
from faults.system import Failed, System
from local_stack.layout import ROLES

AWAY, UNHEARD = 60, 330
TOKEN_LIVES = 300.0
HEARD_WITHIN = 30.0


async def inject(system: System) -> None:
    system.need_split()
    await _without_identity(system)
    revoked, token, since = await _revocable(system)
    async with system.away("identity-relay"):
        await _revoke(system, revoked)
        refused = await _refused(system, token, system.lasting(UNHEARD))
    refused = refused or await _refused(system, token, HEARD_WITHIN)
    if refused is None:
        raise Failed("somebody who was revoked is still served")
    system.notes["revoked_refused_after_s"] = round(refused - since, 1)
    if refused - since > TOKEN_LIVES + HEARD_WITHIN:
        raise Failed(f"a revoked member was served for {refused - since:.0f} s")


async def _without_identity(system: System) -> None:
    """Whoever has a token orders on; nobody signs in."""
    people = [one for company in system.load.shop.companies for one in (company.free_buyer, company.waiting_buyer)]
    people += [company.attester for company in system.load.shop.companies]
    await asyncio.gather(*(one.token(fresh=True) for one in people), system.load.shop.staff.token(fresh=True))
    began = time.time()
    async with system.away(*(f"identity-{role}" for role in ROLES)):
        await asyncio.sleep(system.lasting(AWAY))
        if not system.load.on_time(began):
            raise Failed("orders waited for identity")


async def _revocable(system: System) -> tuple[Account, str, float]:
    """A new member who can order, his token, and the moment before that was made."""
    company, shop = system.load.shop.companies[0], system.load.shop
    member = await shop.join(company.company_id, company.administrator, role="user", permissions=["see_own_orders"])
    since = time.time()
    token = await member.token(fresh=True)
    if not await system.comes(lambda: _served(system, token), within=HEARD_WITHIN):
        raise Failed("a new member is not served")
    return member, token, since


async def _revoke(system: System, member: Account) -> None:
    administrator = system.load.shop.companies[0].administrator
    path = f"/members/{member.member_id}"
    await system.load.shop.client.must("member.remove", "identity", path, method="DELETE", by=administrator)


async def _served(system: System, token: str) -> bool:
    client = system.load.shop.client
    answer = await client.http.get(f"{client.urls['orders']}/v1/orders", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


async def _refused(system: System, token: str, within: float) -> float | None:
    """When he was refused first."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not await _served(system, token):
            return time.time()
        await asyncio.sleep(1)
    return None


row = Row("F-X1", "network", "identity unreachable from orders", "I5 I6 I9", inject)
