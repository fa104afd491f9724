"""The running system that the past is played on, through its public APIs alone, as the merchant's staff."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from demo.http_api import Answer, Api
from demo.mailbox import Mailbox
from demo.replay_invoices.session import Session

T = TypeVar("T")

STOREFRONT = "replay"
"""Of its own: its policy asks companies for no VAT number, since the file has none."""


@dataclass
class System:
    identity: Api
    pricing: Api
    orders: Api
    staff: Session
    mailbox: Mailbox | None
    """Where the mails of invited people arrive; None: nobody can be invited, so nothing is attested."""
    lanes: int
    """How much is asked of it at once."""
    run: str
    """In the codes of everything that this run enters, so that it meets nothing that is there already."""
    currency: str

    @property
    def everybodys_list(self) -> str:
        return f"{self.run}-all"

    @property
    def group(self) -> str:
        """Of all companies of this run; it is given the list for everybody, as the merchant may have a base list."""
        return self.run

    async def by_staff(self, api: Api, method: str, path: str, **options: Any) -> Answer:
        """
        Raises:
            Unexpected: it was refused.
        """
        return await api.call(method, path, token=await self.staff.token(), **options)

    async def side_by_side(self, work: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
        """Each item in turn, in as many lanes as there are. What one raises ends the others, and is raised."""
        waiting = iter(items)

        async def lane() -> None:
            for item in waiting:
                await work(item)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.lanes):
                    group.create_task(lane())
        except ExceptionGroup as broken:
            raise broken.exceptions[0] from broken


@dataclass
class Customer:
    """A buyer of the file as a company of the system."""

    buyer: str
    number: str
    company_id: str = ""
    members: "Members | None" = None
    """None: staff orders on its behalf."""
    new: bool = True
    """Its facts may still be on their way to the services: an early refusal is asked again."""
    fault: str = ""
    """Why it, or its people, could not be entered."""

    @property
    def own_list(self) -> str:
        """Code of its price list, where it has prices of its own."""
        return self.number


@dataclass(frozen=True)
class Members:
    """Of a company whose orders are attested: one orders, the other one attests."""

    buyer: Session
    attester: Session
