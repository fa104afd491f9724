"""Orders' API on a real database, with companies and members as identity publishes them, and carts as pricing signs them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import httpx2
from aiokafka import ConsumerRecord
from joserfc import jws, jwt
from joserfc.jwk import ECKey
from sqlalchemy import text

from chassis import clock
from chassis.consumers import BatchConsumer
from chassis.database import Database
from chassis.ids import new_id
from chassis.keys import KeyRing
from contracts.identity.states import CompanyState, IdentityKey, MemberState
from contracts.identity.tokens import AUDIENCE, ISSUER
from contracts.identity.values import CustomerStatus, Permission, StaffPermission
from contracts.pricing.priced_cart import PricedCart
from contracts.pricing.states import PricingKey
from contracts.shared.envelope import Envelope
from contracts.shared.event import State
from contracts.shared.keys import PublicKey
from orders.app import KEYS, service
from tests.apis import api_of
from tests.orders.samples import a_cart


class Signer:
    """A key of another service."""

    def __init__(self, state: type[PublicKey]) -> None:
        self.pair = ECKey.generate_key("P-256")
        self.kid = new_id().hex[-16:]
        public = {
            name: str(value)
            for name, value in self.pair.as_dict(private=False).items()
            if name in ("kty", "crv", "x", "y")
        }
        at = clock.now()
        self.state = state(
            kid=self.kid, jwk=public, usable_from=at - timedelta(days=1), usable_until=at + timedelta(days=90)
        )

    def sign(self, document: bytes) -> str:
        return jws.serialize_compact({"alg": "ES256", "kid": self.kid}, document, self.pair, algorithms=["ES256"])

    def token(self, claims: dict[str, Any]) -> str:
        now = int(clock.now().timestamp())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": now + 3600, "sid": str(new_id()), **claims}
        return jwt.encode({"alg": "ES256", "kid": self.kid}, claims, self.pair, algorithms=["ES256"])


def staff_claims(*permissions: StaffPermission, representative: str | None = None) -> dict[str, Any]:
    """Of one of the staff with these permissions; without any, of an administrator."""
    may = [str(one) for one in permissions or StaffPermission]
    return {"kind": "staff", "sub": str(new_id()), "permissions": may, "representative": representative}


@dataclass
class Person:
    member_id: UUID
    company_id: UUID
    contact_id: UUID
    headers: dict[str, str]


@dataclass
class World:
    database: Database
    identity: Signer = field(default_factory=lambda: Signer(IdentityKey))
    pricing: Signer = field(default_factory=lambda: Signer(PricingKey))
    sequence: int = 0

    def __post_init__(self) -> None:
        app = api_of(service, self.database, {KeyRing: KEYS})
        self.http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app, raise_app_exceptions=True), base_url="http://orders"
        )
        self.staff = {"Authorization": f"Bearer {self.identity.token(staff_claims())}"}

    async def publish(self, key: str, state: State) -> None:
        """As it would arrive from the state topic."""
        self.sequence += 1
        envelope = Envelope(new_id(), state.type, "/countersign/test", key, clock.now(), 1, self.sequence)
        record: Any = ConsumerRecord(
            state.topic.name,
            0,
            self.sequence,
            0,
            0,
            key.encode(),
            state.model_dump_json().encode(),
            None,
            0,
            0,
            envelope.to_headers(),
        )
        reader = next(one for one in service.readers if one.topic == state.topic)
        await BatchConsumer(reader, self.database, cast(Any, None)).handle([record])

    async def begin(self) -> "World":
        await self.publish(self.identity.kid, self.identity.state)
        await self.publish(self.pricing.kid, self.pricing.state)
        return self

    async def company(
        self, status: CustomerStatus = CustomerStatus.ENABLED, company_id: UUID | None = None, **changed: Any
    ) -> UUID:
        company_id = company_id or new_id()
        defaults: dict[str, Any] = {"with_account_access": True, "storefront": "main", "country": "NL"}
        state = CompanyState(
            company_id=company_id, number=f"C-{company_id.hex[-6:]}", status=status, **{**defaults, **changed}
        )
        await self.publish(str(company_id), state)
        return company_id

    async def member(
        self,
        company_id: UUID,
        *permissions: Permission,
        member_id: UUID | None = None,
        contact_id: UUID | None = None,
        storefront: str | None = None,
        **changed: Any,
    ) -> Person:
        member_id, contact_id = member_id or new_id(), contact_id or new_id()
        defaults: dict[str, Any] = {"active": True, "role": "caterer", "administers": False, "permissions": permissions}
        state = MemberState(
            member_id=member_id, company_id=company_id, contact_id=contact_id, **{**defaults, **changed}
        )
        await self.publish(str(member_id), state)
        claims = {"kind": "member", "sub": str(contact_id), "company": str(company_id), "member": str(member_id)}
        claims |= {"storefront": storefront} if storefront else {}
        return Person(member_id, company_id, contact_id, {"Authorization": f"Bearer {self.identity.token(claims)}"})

    async def buyer(self, company_id: UUID, **changed: Any) -> Person:
        return await self.member(company_id, Permission.BUY, Permission.SEE_OWN_ORDERS, **changed)

    async def attester(self, company_id: UUID, **changed: Any) -> Person:
        return await self.member(company_id, Permission.ATTEST_ORDERS, **changed)

    def cart(self, company_id: UUID, member_id: UUID | None, **changed: Any) -> PricedCart:
        at = clock.now()
        return a_cart(company_id, member_id, **{"priced_at": at, "expires_at": at + timedelta(hours=1), **changed})

    def signed(self, cart: PricedCart) -> str:
        return self.pricing.sign(cart.model_dump_json().encode())

    async def submit(self, who: Person, cart: PricedCart | None = None, **body: Any) -> httpx2.Response:
        cart = cart or self.cart(who.company_id, who.member_id)
        return await self.submit_signed(who.headers, self.signed(cart), **body)

    async def submit_signed(self, headers: dict[str, str], signed: str, **body: Any) -> httpx2.Response:
        given = {"signed": signed, "terms_accepted": True, "payment": "provider", **body}
        return await self.http.post("/v1/orders", json=given, headers=headers)

    async def post(self, who: dict[str, str], path: str, body: Any = None) -> httpx2.Response:
        return await self.http.post(path, json=body, headers=who)

    async def used(self, subject: UUID) -> str | None:
        async with self.database.reading() as connection:
            used = await connection.scalar(
                text("SELECT used FROM monthly_usage WHERE subject = :subject"), {"subject": subject}
            )
            return None if used is None else str(used)

    async def published(self, order_id: str) -> list[str]:
        """The types of the order's events, in their order, without states."""
        async with self.database.reading() as connection:
            rows = await connection.execute(
                text("SELECT type FROM outbox WHERE key = :key AND type NOT LIKE '%.state.%' ORDER BY sequence"),
                {"key": order_id},
            )
            return [row.type.split(".")[3] for row in rows]

    async def values(self, order_id: str, *names: str) -> list[dict[str, Any]]:
        """The bodies of the order's events of these names, in their order."""
        types = [f"countersign.orders.order.{name}.v1" for name in names]
        query = text("SELECT value FROM outbox WHERE key = :key AND type = ANY(:types) ORDER BY sequence")
        async with self.database.reading() as connection:
            rows = await connection.execute(query, {"key": order_id, "types": types})
            return [json.loads(row.value) for row in rows]

    async def states(self, order_id: str) -> Sequence[dict[str, Any]]:
        async with self.database.reading() as connection:
            rows = await connection.execute(
                text("SELECT value FROM outbox WHERE key = :key AND type LIKE '%.state.%' ORDER BY sequence"),
                {"key": order_id},
            )
            return [json.loads(row.value) for row in rows]


def code(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


def record_of(row: Any, offset: int) -> Any:
    """An outbox row as the relay would publish it."""
    at = datetime.fromisoformat(row.headers["time"])
    envelope = Envelope(row.event_id, row.type, "/countersign/orders", row.key, at, 1, row.sequence)
    return ConsumerRecord(row.topic, 0, offset, 0, 0, row.key.encode(), row.value, None, 0, 0, envelope.to_headers())
