"""ID-21, ID-20: what staff need for an operation is declared with it, and what is declared is what is asked."""

import re
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from joserfc import jwt
from joserfc.jwk import ECKey

from chassis import clock
from chassis.ids import new_id
from chassis.keys import KnownKey
from contracts.identity.operations import SIGNED_IN
from contracts.identity.tokens import AUDIENCE, ISSUER
from contracts.identity.values import StaffPermission
from contracts.shared.values import Language
from identity.staff.models import StaffMember
from tests.apis import api_of, described
from tests.architecture.test_access import SERVICES
from tests.conftest import service

SOMETHING = "01a20430-71b0-7600-b3a5-6b2089d37483"
OF_ANYBODY = re.compile(r"/v1/(me|roles|organisation|password|sessions|second-factor)\b")
"""One's own account, and what everybody who signed in may know."""


def for_staff(app) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, said)
        for path, methods in app.openapi()["paths"].items()
        for method, said in methods.items()
        if said["x-access"] in ("staff", "staff-or-member")
    ]


@pytest.mark.parametrize("name", SERVICES)
def test_every_operation_for_staff_says_which_permission_it_needs(name):
    found = for_staff(described(service(name)))
    assert [one for one in found if one[2].get("x-permission") not in {*StaffPermission, SIGNED_IN}] == []
    assert [one for one in found if one[2]["x-permission"] == SIGNED_IN and not OF_ANYBODY.match(one[1])] == []


def test_every_permission_opens_something():
    apis = [described(service(name)) for name in SERVICES]
    needed = {said["x-permission"] for api in apis for _, _, said in for_staff(api)}
    assert set(StaffPermission) - needed == {StaffPermission.SEE_ALL_COMPANIES}


class OneOfTheStaff:
    """Calls every operation of a service, with nothing that is there."""

    def __init__(self, name: str, database: Any, *permissions: StaffPermission) -> None:
        self.name, self.database, self.may = name, database, sorted(permissions)
        self.app, self.id, self.key = api_of(service(name), database), new_id(), ECKey.generate_key("P-256")

    async def join(self) -> dict[str, str]:
        public = {name: str(value) for name, value in self.key.as_dict(private=False).items()}
        async with self.database.transaction() as session:
            session.add(
                KnownKey(key=self.id.hex, jwk=public, epoch=1, sequence=1, issuer="identity", usable_until=clock.now())
            )
            if self.name == "identity":
                session.add(
                    StaffMember(
                        id=self.id,
                        name="Noor",
                        email="noor@example.com",
                        active=True,
                        role="own",
                        permissions=self.may,
                        representative="noor",
                        language=Language.ENGLISH,
                        added_at=clock.now(),
                    )
                )
        said: dict[str, object] = {"kind": "staff", "sub": str(self.id), "sid": str(new_id()), "permissions": self.may}
        said |= {"representative": "noor", "iss": ISSUER, "aud": AUDIENCE, "exp": int(clock.now().timestamp()) + 300}
        return {
            "Authorization": f"Bearer {jwt.encode({'alg': 'ES256', 'kid': self.id.hex}, said, self.key, ['ES256'])}"
        }

    async def refusals(self) -> list[tuple[str, str, dict[str, Any], Response]]:
        headers = {**await self.join(), "If-Match": '"1"'}
        transport = ASGITransport(self.app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://api", headers=headers) as api:
            return [
                (method, path, said, await api.request(method, re.sub(r"\{[^}]+\}", SOMETHING, path), json={}))
                for method, path, said in for_staff(self.app)
                if said["x-permission"] != SIGNED_IN
            ]


@pytest.mark.parametrize("name", SERVICES)
async def test_who_has_no_permission_is_refused_for_the_one_that_is_declared(name, new_database):
    nobody = OneOfTheStaff(name, await new_database(name), StaffPermission.SEE_ALL_COMPANIES)
    for method, path, said, answer in await nobody.refusals():
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (403, "permission-missing"), (method, path, problem)
        assert problem["permission"] == said["x-permission"], (method, path)


@pytest.mark.parametrize("name", SERVICES)
async def test_a_representative_comes_to_nothing_but_what_is_of_his_companies(name, new_database):
    """Where the path names no company of his, only what declares that it looks after that itself lets him in."""
    may = set(StaffPermission) - {StaffPermission.SEE_ALL_COMPANIES}
    for _, path, said, answer in await OneOfTheStaff(name, await new_database(name), *may).refusals():
        if answer.status_code != 404 and not said.get("x-for-own-companies"):
            problem = answer.json()
            assert (problem["code"], problem.get("permission")) == ("permission-missing", "see_all_companies"), path
