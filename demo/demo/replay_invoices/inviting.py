"""Companies whose orders are attested get a buyer who must always be attested, and an attester.

A company is enabled by the link that is mailed to its first administrator. To hash fewer passwords, the two people are
members of up to `COMPANIES_EACH` companies; in each of these they are members of their own.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from demo.http_api import Api, Unexpected
from demo.mailbox import Mailbox
from demo.replay_invoices.session import Session
from demo.replay_invoices.system import Customer, Members, System
from demo.waiting import TimedOut

COMPANIES_EACH = 20
MAIL_PATIENCE = 300
"""Seconds."""
BUYER = {"role": "employee", "permissions": ["buy", "see_prices", "see_own_orders"], "always_attested": True}
ATTESTER = {"role": "administrator", "first_administrator": True}


@dataclass
class _Person:
    name: str
    email: str
    password: str
    registered: bool = False
    """Has an account; who has, accepts without a password."""
    door: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def named(cls, what: str, number: int, run: str) -> "_Person":
        return cls(f"Replay {what} {number}", f"{what}-{number}@{run}.example", secrets.token_urlsafe(18))

    @property
    def described(self) -> dict[str, str]:
        return {"name": self.name, "email": self.email, "language": "en"}

    def session(self, identity: Api, company_id: str) -> Session:
        body = {"kind": "member", "email": self.email, "password": self.password, "company_id": company_id}
        return Session(identity, body, self.door)


async def give_members(
    system: System, mailbox: Mailbox, customers: Sequence[Customer], told: Callable[[], None]
) -> None:
    """A company whose people can not be entered has a `fault`; the others go on.

    Args:
        told: called after each company.
    """
    batches = [customers[at : at + COMPANIES_EACH] for at in range(0, len(customers), COMPANIES_EACH)]

    async def give(numbered: tuple[int, Sequence[Customer]]) -> None:
        number, batch = numbered
        attester = _Person.named("attester", number, system.run)
        buyer = _Person.named("buyer", number, system.run)
        for customer in batch:
            try:
                customer.members = await _join(system, mailbox, customer, attester, buyer)
            except (Unexpected, TimedOut) as error:
                customer.fault = str(error)
            told()

    await system.side_by_side(give, enumerate(batches, 1))


async def _join(system: System, mailbox: Mailbox, customer: Customer, attester: _Person, buyer: _Person) -> Members:
    """The attester's acceptance enables the company. A buyer who has an account is added to it without a mail."""
    await _accept(system, mailbox, customer, attester, ATTESTER)
    if buyer.registered:
        path, body = f"/companies/{customer.company_id}/members", {**buyer.described, **BUYER}
        await system.by_staff(system.identity, "POST", path, body=body)
    else:
        await _accept(system, mailbox, customer, buyer, BUYER)
    return Members(
        buyer.session(system.identity, customer.company_id), attester.session(system.identity, customer.company_id)
    )


async def _accept(system: System, mailbox: Mailbox, customer: Customer, person: _Person, terms: dict[str, Any]) -> None:
    """Invited by staff, accepted by the link in the mail."""
    path = f"/companies/{customer.company_id}/invitations"
    await system.by_staff(system.identity, "POST", path, body={"invitees": [person.described], **terms})
    about = f"({customer.number})"  # ends the company's name
    mail = await mailbox.mail(person.email, "invitation", about=about, within=MAIL_PATIENCE)
    link = f"/invitation-links/{mail.token('invitation')}"
    body = {} if person.registered else {"password": person.password}
    await system.identity.call("POST", f"{link}/accept", body=body)
    person.registered = True
