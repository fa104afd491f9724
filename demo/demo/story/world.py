"""What every part of the story works with."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.http_api import Answer, Api
from demo.mailbox import Mailbox
from demo.processes import Processes
from demo.progress import ImportProgress
from demo.steps import Story
from demo.story.cast import Cast
from demo.wholesale.assortment import Assortment

EVERYWHERE = "*"


@dataclass(frozen=True)
class Account:
    """Somebody's e-mail address and password."""

    email: str
    password: str


@dataclass(frozen=True)
class Lists:
    """Codes of the three price lists; a currency has its own."""

    base: str
    wholesale: str
    group: str

    @classmethod
    def of(cls, currency: str) -> "Lists":
        return cls(*(f"{kind}-{currency.lower()}" for kind in ("base", "wholesale", "horeca")))


@dataclass
class World:
    run: str
    """Tells the names and numbers of this run from those of earlier ones."""
    story: Story
    identity: Api
    pricing: Api
    orders: Api
    notifications: Api
    mailbox: Mailbox
    processes: Processes
    assortment: Assortment
    cast: Cast
    staff_account: Account
    bootstrap_environment: dict[str, str]
    """What the command that makes the first staff member is run with."""
    folder: Path
    """The stack's own; commands run there."""
    progress: ImportProgress
    pace: float = 1
    """How many times as long the deadlines are that the story waits for: more on a slow machine."""
    staff: str = ""
    """The staff member's access token."""
    reviewer: str = ""
    """Of a colleague, the access token."""
    representative: str = ""
    """Of the sales representative, the access token."""
    statuses_seen: set[str] = field(default_factory=set)
    secrets: list[str] = field(default_factory=list)
    """Every token, of mailed links and of sessions; no event may hold one."""

    @property
    def lists(self) -> Lists:
        return Lists.of(self.assortment.currency)

    @property
    def representative_code(self) -> str:
        """What companies have as their sales representative who are those of this run's."""
        return f"rep-{self.run}"

    async def set_policy(self, api: Api, name: str, changes: dict[str, Any], storefront: str = EVERYWHERE) -> Answer:
        """Changes these fields of a policy and leaves the others as they are, on the version that was read."""
        query = {"storefront": storefront}
        current = await api.call("GET", f"/policies/{name}", token=self.staff, query=query)
        return await api.call(
            "PUT",
            f"/policies/{name}",
            token=self.staff,
            query=query,
            body={**current.body, **changes},
            if_match=current.etag,
        )

    @asynccontextmanager
    async def deadlines(
        self, api: Api, name: str, inside: dict[str, Any], afterwards: dict[str, Any], storefront: str
    ) -> AsyncIterator[None]:
        """Other deadlines for what begins inside: whatever begins takes a copy of the policy of that moment."""
        await self.set_policy(api, name, inside, storefront)
        try:
            yield
        finally:
            await self.set_policy(api, name, afterwards, storefront)

    def short(self, seconds: Mapping[str, float]) -> dict[str, str]:
        """Deadlines of a policy that pass while somebody watches."""
        return {name: f"PT{value * self.pace:g}S" for name, value in seconds.items()}

    def secret(self, token: str) -> str:
        """Keeps a token in mind, to look for it where it must not be."""
        self.secrets.append(token)
        return token


async def together(*branches: Coroutine[Any, Any, Any]) -> list[Any]:
    """Side by side; a branch that breaks does not stop the others, and only then breaks the whole.

    Raises:
        BaseExceptionGroup: what broke.
    """
    results = await asyncio.gather(*branches, return_exceptions=True)
    broken = [result for result in results if isinstance(result, BaseException)]
    if broken:
        raise BaseExceptionGroup("parts of the story broke", broken)
    return results
