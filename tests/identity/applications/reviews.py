"""Applications and their reviewers over HTTP, for tests of the review."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import text

from chassis.policies import Policy, set_policy
from identity.policies import ApprovalPolicy, RegistrationPolicy
from identity.staff.commands import StaffTerms
from identity.staff.models import ADMINISTRATOR
from tests.identity.conftest import Api
from tests.identity.people import AT

INVOICE = {"pays_by_invoice": True, "invoice_days": 60}


@dataclass
class Review:
    """Sanne reviews, as does Joost; the storefront asks for no numbers, so that companies are quickly made."""

    api: Api
    joost: dict[str, str] = field(default_factory=dict)
    joost_id: UUID = field(default_factory=lambda: UUID(int=0))

    @property
    def sanne(self) -> dict[str, str]:
        return self.api.staff

    async def begin(self) -> "Review":
        await self.follow(RegistrationPolicy(required=frozenset()))
        self.joost_id, self.joost = await self.api.colleague("Joost", StaffTerms(ADMINISTRATOR))
        return self

    async def follow(self, policy: Policy, *, expected: int = 0) -> None:
        async with self.api.database.transaction() as session:
            await set_policy(session, policy, scope="nl", expected=expected, at=AT)

    async def two_people_above(self, days: int) -> None:
        await self.follow(ApprovalPolicy(second_above_invoice_days=days))

    async def apply(self, name: str = "Bakkerij Jansen B.V.", email: str = "jan@bakkerij.nl", **company: Any) -> str:
        body = {
            "storefront": "nl",
            "language": "nl",
            "company": {"legal_name": name, "country": "NL", **company},
            "applicant": {"name": "Jan", "email": email},
        }
        answer = await self.api.http.post("/v1/applications", json=body)
        assert answer.status_code == 201, answer.text
        application_id: str = answer.json()["application_id"]
        return application_id

    async def read(self, application: str, **query: str) -> dict[str, Any]:
        answer = await self.api.http.get(f"/v1/applications/{application}", params=query, headers=self.sanne)
        read: dict[str, Any] = answer.json()
        return read

    async def listed(self, who: dict[str, str], **query: str) -> list[str]:
        answer = await self.api.http.get("/v1/applications", params=query, headers=who)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]

    async def act(self, who: dict[str, str], application: str, act: str, **body: Any) -> httpx2.Response:
        return await self.api.http.post(f"/v1/applications/{application}/{act}", json=body, headers=who)

    async def decide(
        self, *decisions: dict[str, Any], key: str | None = None, who: dict[str, str] | None = None
    ) -> httpx2.Response:
        headers = {**(who or self.sanne), **({"Idempotency-Key": key} if key else {})}
        body = {"decisions": list(decisions)}
        return await self.api.http.post("/v1/application-decisions", json=body, headers=headers)

    async def at_once(self, *acts: Any) -> list[int]:
        return sorted(one.status_code for one in await asyncio.gather(*acts))

    async def events(self, kind: str) -> int:
        """How many of this type were recorded."""
        async with self.api.database.reading() as connection:
            query = text("SELECT count(*) FROM outbox WHERE type = :type")
            found = await connection.scalar(query, {"type": f"countersign.identity.application.{kind}.v1"})
        return int(found or 0)


def refused(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def approval(application: str, **terms: Any) -> dict[str, Any]:
    return {"application_id": application, "verdict": "approve", **terms}


def rejection(application: str) -> dict[str, Any]:
    return {"application_id": application, "verdict": "reject", "reason": "other"}
