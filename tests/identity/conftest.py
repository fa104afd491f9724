"""Identity's API on a database of its own, for one staff member and for members."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
import pytest
from joserfc.jwk import OctKey

from chassis import clock
from chassis.database import Database
from chassis.ids import new_id
from chassis.keys import KnownKey, Signer
from contracts.identity.tokens import AUDIENCE, ISSUER, Claims, MemberClaims, StaffClaims
from contracts.shared.links import LinkKeys
from identity.app import service
from identity.external_sign_in.issuer import Issuer
from identity.members.models import Member
from identity.second_factor.codes import SecretBox
from identity.sign_in.passwords import PasswordHash, Passwords
from identity.staff.commands import AddStaff, StaffTerms, add_staff, bootstrap_staff
from identity.staff.models import ADMINISTRATOR
from tests.apis import api_of
from tests.conftest import NewDatabase
from tests.identity.people import AT, CHEAP, KEYS

NO_ISSUER = Issuer(None)


@dataclass
class Api:
    database: Database
    master_key: str = field(default_factory=lambda: str(OctKey.generate_key(256).as_dict(private=True)["k"]))
    issuer: Issuer = NO_ISSUER
    staff: dict[str, str] = field(default_factory=dict)
    staff_id: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        self.signer, self.box = Signer(self.master_key), SecretBox(self.master_key)
        owned = {Signer: self.signer, SecretBox: self.box, LinkKeys: KEYS, Passwords: CHEAP, Issuer: self.issuer}
        app = api_of(service, self.database, owned)
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://identity")

    async def begin(self) -> "Api":
        first = AddStaff("Sanne", "sanne@example.com", PasswordHash("-"), StaffTerms(ADMINISTRATOR))
        async with self.database.transaction() as session:
            key = await self.signer.rotate(session, clock.now())
            until = key.usable_until
            known = KnownKey(key=key.kid, epoch=1, sequence=1, issuer="identity", jwk=key.public, usable_until=until)
            session.add(known)
            staff = await bootstrap_staff(session, first, AT)
        assert staff
        self.staff_id = staff.id
        self.staff = await self.staff_token(staff.id)
        return self

    async def colleague(self, name: str, terms: StaffTerms) -> tuple[UUID, dict[str, str]]:
        """Another one of the staff."""
        command = AddStaff(name, f"{name.lower()}@example.com", PasswordHash("-"), terms)
        async with self.database.transaction() as session:
            added = await add_staff(session, command, clock.now())
        return added.id, await self.staff_token(added.id)

    async def staff_token(self, staff_id: UUID) -> dict[str, str]:
        return await self._headers(StaffClaims(sub=staff_id, sid=new_id()))

    async def member(self, of: Member) -> dict[str, str]:
        return await self._headers(MemberClaims(sub=of.contact_id, sid=new_id(), company=of.company_id, member=of.id))

    async def _headers(self, claims: Claims) -> dict[str, str]:
        now = clock.now()
        said = {**claims.model_dump(mode="json"), "iss": ISSUER, "aud": AUDIENCE, "exp": int(now.timestamp()) + 300}
        async with self.database.reading() as connection:
            return {"Authorization": f"Bearer {await self.signer.sign_token(connection, said, now)}"}

    async def invite(self, company_id: UUID, email: str, who: dict[str, str], **terms: Any) -> httpx2.Response:
        invitees = [{"name": "Noor Smit", "email": email, "language": "sv"}]
        body = {"invitees": invitees, **terms}
        return await self.http.post(f"/v1/companies/{company_id}/invitations", json=body, headers=who)

    async def set_roles(self, **changed: dict[str, Any] | None) -> httpx2.Response:
        """Adds and changes roles; None takes one away."""
        read = await self.http.get("/v1/policies/roles", headers=self.staff)
        roles = {code: role for code, role in {**read.json()["roles"], **changed}.items() if role}
        headers = {**self.staff, "If-Match": read.headers["ETag"]}
        return await self.http.put("/v1/policies/roles", json={"roles": roles}, headers=headers)


@pytest.fixture
async def api(new_database: NewDatabase) -> AsyncIterator[Api]:
    api = await Api(await new_database("identity")).begin()
    async with api.http:
        yield api
