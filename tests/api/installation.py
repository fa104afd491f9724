"""A merchant's installation in this process: four services, each on a database of its own, and what relay and Kafka carry.

Everything is done through the public APIs; only the first colleague comes by the command line's command, as in production.
"""

import base64
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import httpx2
from aiokafka import ConsumerRecord
from fastapi import FastAPI
from joserfc.jwk import OctKey
from sqlalchemy import func, select

from chassis import clock
from chassis.consumers import BatchConsumer
from chassis.database import Database
from chassis.housekeeping import keep_house
from chassis.keys import KeyRing, Signer, SigningKey, publish_as
from chassis.outbox import outbox_table
from chassis.parking import ParkedEvent
from chassis.processes import Processes
from chassis.service import Resources
from contracts.identity.states import IdentityKey
from contracts.pricing.states import PricingKey
from contracts.shared.envelope import Envelope
from contracts.shared.links import LinkKeys
from identity.external_sign_in.issuer import Issuer
from identity.second_factor.codes import SecretBox
from identity.sign_in.passwords import Passwords
from identity.staff.commands import AddStaff, StaffTerms, bootstrap_staff
from identity.staff.models import ADMINISTRATOR
from identity.vat_checks.vies import Vies
from orders.app import KEYS
from tests.apis import api_of
from tests.conftest import service
from tests.identity.people import CHEAP
from tests.identity.people import KEYS as LINKS

SERVICES = ("identity", "pricing", "orders", "notifications")
FIRST_COLLEAGUE, PASSWORD = "sanne@merchant.example", "correct horse battery"


@dataclass
class Installation:
    databases: dict[str, Database]
    processes: Processes
    master_key: str
    _carried: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SERVICES, 0))
    _offsets: int = 0

    def __post_init__(self) -> None:
        self.signers = {name: Signer(self.master_key) for name in ("identity", "pricing")}
        self.apps = {name: self._app(name) for name in SERVICES}
        self.http = {
            name: httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app, raise_app_exceptions=False), base_url=f"http://{name}", timeout=60
            )
            for name, app in self.apps.items()
        }

    def _app(self, name: str) -> FastAPI:
        return api_of(service(name), self.databases[name], self._resources(name))

    def _resources(self, name: str) -> Resources:
        signing: Resources = {Signer: self.signers[name]} if name in self.signers else {KeyRing: KEYS}
        of_identity: Resources = {SecretBox: SecretBox(self.master_key), LinkKeys: LINKS, Passwords: CHEAP}
        of_identity = {**of_identity, Issuer: Issuer(None), Vies: Vies(None)}
        return signing | of_identity if name == "identity" else signing

    async def begin(self) -> None:
        """Keys are made and published, and somebody may sign in."""
        at = clock.now()
        said = SigningKey.published_as
        for name, state in (("identity", IdentityKey), ("pricing", PricingKey)):
            publish_as(state)  # a process of its own says so once
            await keep_house(self.databases[name], service(name).duties(self._resources(name)))
        SigningKey.published_as = said
        async with self.databases["identity"].transaction() as session:
            hashed = await CHEAP.hash(PASSWORD)
            first = AddStaff("Sanne de Vries", FIRST_COLLEAGUE, hashed, StaffTerms(ADMINISTRATOR))
            assert await bootstrap_staff(session, first, at)
        await self.settle()

    async def close(self) -> None:
        for client in self.http.values():
            await client.aclose()
        for database in self.databases.values():
            await database.close()

    # -- HTTP ---------------------------------------------------------------------------------------------------------

    async def send(self, name: str, method: str, path: str, who: dict[str, str], **request: Any) -> httpx2.Response:
        """The answer, whatever it is."""
        headers = {**who, **request.pop("headers", {})}
        return await self.http[name].request(method, f"/v1{path}", headers=headers, **request)

    async def call(self, name: str, method: str, path: str, who: dict[str, str], body: Any = None, **more: Any) -> Any:
        """The body of the answer to what must succeed."""
        answer = await self.send(name, method, path, who, json=body, **more)
        assert answer.status_code < 300, f"{method} {path} {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def sign_in(self, kind: str, email: str) -> dict[str, str]:
        """The headers of who signed in."""
        body = {"kind": kind, "email": email, "password": PASSWORD}
        tokens = await self.call("identity", "POST", "/sessions", {}, body)
        return await self.for_a_day(tokens["access_token"])

    async def for_a_day(self, token: str) -> dict[str, str]:
        """The same token, which ends when the longest test has ended."""
        return await self.signed(claims_in(token) | {"exp": int(clock.now().timestamp()) + 86_400})

    async def signed(self, claims: dict[str, Any]) -> dict[str, str]:
        async with self.databases["identity"].reading() as connection:
            return bearer(await self.signers["identity"].sign_token(connection, claims, clock.now()))

    # -- events -------------------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Until every event of every service has had its effect; none is parked."""
        while await self._carry():
            pass
        for database in self.databases.values():
            async with database.reading() as connection:
                assert await connection.scalar(select(func.count()).select_from(ParkedEvent)) == 0

    async def _carry(self) -> bool:
        by_topic = defaultdict(list)
        for name, database in self.databases.items():
            table = outbox_table.c
            query = select(outbox_table).where(table.id > self._carried[name]).order_by(table.id)
            async with database.reading() as connection:
                for row in (await connection.execute(query)).all():
                    self._carried[name] = row.id
                    by_topic[row.topic].append(self._record(name, row))
        for reading, database in self.databases.items():
            for reader in service(reading).readers:
                if records := by_topic.get(reader.topic.name):
                    await BatchConsumer(reader, database, self.processes).handle(records)
        return bool(by_topic)

    def _record(self, name: str, row: Any) -> ConsumerRecord:
        """As the relay publishes it."""
        self._offsets += 1
        said = row.headers
        envelope = Envelope(
            row.event_id, row.type, f"/countersign/{name}", row.key, datetime.fromisoformat(said["time"]), 1, row.sequence,
            said["correlation_id"], said["causation_id"], said["actor"],
        )  # fmt: skip
        key, headers = row.key.encode(), envelope.to_headers()
        return ConsumerRecord(row.topic, 0, self._offsets, 0, 0, key, row.value, None, 0, 0, cast(Any, headers))

    async def work(self) -> None:
        """What workers do in the background, until nothing waits: imports are read and applied, the log is sealed."""
        for name in ("identity", "pricing"):
            for one in service(name).background:
                while await one(self.databases[name], self._resources(name), clock.now()):
                    pass


def a_key() -> str:
    """A master key."""
    return str(OctKey.generate_key(256).as_dict(private=True)["k"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def claims_in(token: str) -> dict[str, Any]:
    """Of a token that we trust."""
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def link(purpose: str, subject: str, email: str, issue: int = 1) -> str:
    """The token of a link that was mailed to this address."""
    return LINKS.token(purpose, UUID(subject), issue, email)
