"""People who sign in over HTTP, by the API alone."""

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from identity.companies.models import Company
from identity.members.models import Member
from identity.sign_in.commands import SetPassword, set_password
from tests.identity.conftest import Api
from tests.identity.people import AT, CHEAP, PASSWORD, a_company, a_member

EMAIL = "iris@example.com"
STAFF_EMAIL = "sanne@example.com"


@dataclass
class SignedIn:
    """One session as its client sees it."""

    api: Api
    tokens: dict[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    async def call(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await self.api.http.request(method, f"/v1{path}", json=body, headers=self.headers)

    async def renewal(self) -> httpx2.Response:
        """The answer; the tokens are the next ones where there are."""
        body = {"refresh_token": self.tokens["refresh_token"]}
        answer = await self.api.http.post("/v1/sessions/refresh", json=body)
        if answer.status_code == 200:
            self.tokens = answer.json()
        return answer

    async def is_alive(self) -> bool:
        return (await self.renewal()).status_code == 200


async def try_to_sign_in(api: Api, email: str = EMAIL, password: str = PASSWORD, **more: Any) -> httpx2.Response:
    kind = "staff" if email == STAFF_EMAIL else "member"
    client = more.pop("client", "Test/1.0")
    body = {"kind": kind, "email": email, "password": password, **more}
    return await api.http.post("/v1/sessions", json=body, headers={"User-Agent": client})


async def sign_in(api: Api, email: str = EMAIL, **more: Any) -> SignedIn:
    answer = await try_to_sign_in(api, email, **more)
    assert answer.status_code == 201, answer.text
    return SignedIn(api, answer.json())


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
async def company(api: Api) -> Company:
    async with api.database.transaction() as session:
        return await a_company(session)


@pytest.fixture
async def iris(api: Api, company: Company) -> Member:
    """The administrator of the company."""
    async with api.database.transaction() as session:
        return await a_member(session, company, EMAIL)


@pytest.fixture
async def staff(api: Api) -> SignedIn:
    async with api.database.transaction() as session:
        await set_password(session, SetPassword(api.staff_id, await CHEAP.hash(PASSWORD)), AT)
    return await sign_in(api, STAFF_EMAIL)
