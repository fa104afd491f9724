"""A merchant for tests: pricing over HTTP in this process, on a real database, with callers who hold real tokens."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert

from chassis.clock import now
from chassis.database import Database
from chassis.ids import new_id
from chassis.keys import ALGORITHM, KnownKey, Signer
from contracts.identity.tokens import AUDIENCE, ISSUER, MemberClaims
from contracts.identity.values import CustomerStatus, Permission, StaffPermission
from contracts.shared.event import Event
from pricing.app import service
from pricing.buyers.models import KnownCompany, KnownMember, KnownStorefront
from pricing.imports.applying import apply_imports
from pricing.imports.reading import read_imports
from tests.apis import api_of

MASTER_KEY = "A" * 43
ANY_VERSION = {"If-Match": "*"}
SEES_PRICES = (Permission.BUY, Permission.SEE_PRICES)


@dataclass
class Merchant:
    """Arranges by the rows that identity's events would have left, acts through the public API."""

    database: Database
    signer: Signer = field(default_factory=lambda: Signer(MASTER_KEY))
    identity_key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    kid: str = field(default_factory=lambda: new_id().hex)

    async def open(self) -> None:
        """Publishes identity's key, and makes the key that signs carts."""
        async with self.database.transaction() as session:
            await self.signer.rotate(session, now() - timedelta(minutes=1))
            public = self.identity_key.as_dict(private=False)
            jwk = {name: public[name] for name in ("kty", "crv", "x", "y")}
            row = {"epoch": 1, "sequence": 1, "issuer": "identity", "usable_until": now() + timedelta(days=1)}
            await session.execute(insert(KnownKey).values(key=self.kid, jwk=jwk, **row))

    def client(self, **claims: Any) -> httpx2.AsyncClient:
        token = self.token(**claims) if claims else None
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(api_of(service, self.database, {Signer: self.signer})),
            base_url="http://pricing/v1",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=60,
        )

    def token(self, **claims: Any) -> str:
        standard = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 3600, "sid": str(new_id())}
        header = {"alg": ALGORITHM, "kid": self.kid}
        return jwt.encode(header, {**standard, **claims}, self.identity_key, algorithms=[ALGORITHM])

    @property
    def staff(self) -> httpx2.AsyncClient:
        return self.client(kind="staff", sub=str(new_id()), permissions=sorted(StaffPermission))

    async def company(
        self,
        status: CustomerStatus = CustomerStatus.ENABLED,
        *,
        country: str = "NL",
        vat_number: str | None = None,
        vat_exempt: bool = False,
        groups: Iterable[str] = (),
    ) -> UUID:
        company_id = new_id()
        async with self.database.transaction() as session:
            await session.execute(
                insert(KnownCompany).values(
                    key=str(company_id),
                    epoch=1,
                    sequence=1,
                    status=status,
                    storefront="main",
                    country=country,
                    vat_number=vat_number,
                    vat_exempt=vat_exempt,
                    groups=list(groups),
                )
            )
        return company_id

    async def member(
        self, company_id: UUID, permissions: Iterable[Permission] = SEES_PRICES, *, active: bool = True
    ) -> httpx2.AsyncClient:
        """Somebody new, signed in."""
        return self.signed_in(await self.join(company_id, permissions, active=active))

    def signed_in(self, claims: MemberClaims) -> httpx2.AsyncClient:
        return self.client(**claims.model_dump(mode="json"))

    async def join(
        self,
        company_id: UUID,
        permissions: Iterable[Permission] = SEES_PRICES,
        *,
        active: bool = True,
        contact: UUID | None = None,
        storefront: str | None = None,
    ) -> MemberClaims:
        """A new member; `contact`: who it is, None: somebody new."""
        claims = MemberClaims(
            sub=contact or new_id(), sid=new_id(), company=company_id, member=new_id(), storefront=storefront
        )
        async with self.database.transaction() as session:
            await session.execute(
                insert(KnownMember).values(
                    key=str(claims.member),
                    epoch=1,
                    sequence=1,
                    company_id=company_id,
                    contact_id=claims.sub,
                    active=active,
                    permissions=[one.value for one in permissions],
                )
            )
        return claims

    async def storefront(
        self, code: str, *, access: str = "public", groups: Iterable[str] = (), active: bool = True
    ) -> None:
        """As identity says that it is now."""
        values = {"access": access, "groups": list(groups), "active": active, "epoch": 1, "sequence": 1}
        known = insert(KnownStorefront).values(key=code, **values)
        async with self.database.transaction() as session:
            await session.execute(known.on_conflict_do_update(index_elements=["key"], set_=values))

    async def change_company(self, company_id: UUID, **columns: Any) -> None:
        async with self.database.transaction() as session:
            await session.execute(update(KnownCompany).where(KnownCompany.key == str(company_id)).values(**columns))

    # -- what most stories begin with ---------------------------------------------------------------------------------

    async def article(self, code: str, **fields: Any) -> None:
        body = {"names": {"en": code.title()}, "unit": "piece", "vat_class": "standard", **fields}
        await accepted(self.staff.put(f"/articles/{code}", json=body, headers=ANY_VERSION))

    async def price_list(
        self, code: str, prices: dict[str, list[dict[str, Any]]] | None = None, *, currency: str = "EUR", **fields: Any
    ) -> None:
        body = {"currency": currency, **fields}
        await accepted(self.staff.put(f"/price-lists/{code}", json=body, headers=ANY_VERSION))
        for article, tiers in (prices or {}).items():
            await accepted(self.staff.put(f"/price-lists/{code}/prices/{article}", json={"tiers": tiers}))

    async def give(self, price_list: str, **assignee: UUID | str) -> None:
        """`contact=`, `company=` or `group=`."""
        ((kind, name),) = assignee.items()
        body = {"assignee_kind": kind, "assignee": str(name), "price_list": price_list}
        await accepted(self.staff.post("/terms", json=body))

    async def vat_rate(self, country: str, rate: str, vat_class: str = "standard") -> None:
        await accepted(self.staff.put(f"/vat-rates/{country}/{vat_class}", json={"rate": rate}))

    async def policy(self, **changes: Any) -> None:
        """Puts a new version of the pricing policy in force."""
        staff = self.staff
        read = await accepted(staff.get("/policies/pricing"))
        body = {**read.json(), **changes}
        await accepted(staff.put("/policies/pricing", json=body, headers={"If-Match": read.headers["ETag"]}))

    async def published(self, event: type[Event]) -> list[Any]:
        """What waits in the outbox, of one type, in order."""
        query = text("SELECT value FROM outbox WHERE type = :type ORDER BY id")
        async with self.database.reading() as connection:
            rows = (await connection.execute(query, {"type": event.type})).all()
        return [event.model_validate_json(row.value) for row in rows]

    async def import_file(self, path: str, content: str | bytes, *, apply: bool = True) -> dict[str, Any]:
        """Sends a file and has it read, and applied; the answer is its progress after that."""
        staff = self.staff
        sent = await accepted(staff.post(path, content=content, headers={"Content-Type": "text/csv"}))
        import_id = sent.json()["import_id"]
        await self.work()
        if apply:
            await accepted(staff.post(f"/imports/{import_id}/apply"))
            await self.work()
        return dict((await accepted(staff.get(f"/imports/{import_id}"))).json())

    async def work(self, at: datetime | None = None) -> None:
        """What a worker does in the background, until nothing waits."""
        while await read_imports(self.database, {}, at or now()) or await apply_imports(self.database, {}, at or now()):
            pass


async def accepted(request: Any) -> httpx2.Response:
    """The answer to a request that must succeed."""
    response: httpx2.Response = await request
    assert response.status_code < 300, f"{response.status_code} {response.text}"
    return response


async def refused(request: Any, status: int, code: str) -> dict[str, Any]:
    """The problem of a request that must be refused with this code."""
    response: httpx2.Response = await request
    assert (response.status_code, response.json().get("code")) == (status, code), response.text
    return dict(response.json())


def day(number: int) -> datetime:
    """Days of one fixed month."""
    return datetime(2026, 1, number, tzinfo=UTC)
