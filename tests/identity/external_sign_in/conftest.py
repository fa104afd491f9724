"""A real OpenID Connect issuer as a process of its own, and browsers that go there and back."""

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from identity.external_sign_in.issuer import Issuer, Registration
from tests.conftest import NewDatabase
from tests.identity.conftest import Api
from tests.identity.sign_in.conftest import EMAIL, company, iris, staff  # noqa: F401
from tests.waiting import eventually

RETURN_TO = "https://shop.example.com/signed-in"
SECRET = "a secret: with % signs"


def registration(issuer: str) -> Registration:
    return Registration(issuer, "countersign", SECRET, frozenset({RETURN_TO, "https://office.example.com/in"}))


@pytest.fixture(scope="session")
def process() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"]
    environment = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        yield f"http://127.0.0.1:{port}"
        running.terminate()


@dataclass
class Provider:
    """The issuer as its administrator and its people use it."""

    address: str
    http: httpx2.AsyncClient

    async def knows(self, login: str, **claims: Any) -> None:
        answer = await self.http.put(f"{self.address}/users/{login}", json=claims)
        assert answer.status_code == 204

    async def signs_in(self, login: str, authorization_url: str) -> dict[str, str]:
        """What the browser brings back."""
        answer = await self.http.post(authorization_url, data={"sub": login})
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["Location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == RETURN_TO
        return {name: values[0] for name, values in parse_qs(back.query).items()}


@pytest.fixture
async def provider(process: str) -> AsyncIterator[Provider]:
    async with httpx2.AsyncClient() as http:

        async def answers() -> bool:
            try:
                return (await http.get(f"{process}/.well-known/openid-configuration")).status_code == 200
            except httpx2.TransportError:
                return False

        await eventually(answers, what="the issuer answers")
        yield Provider(process, http)


@pytest.fixture
async def api(new_database: NewDatabase, process: str) -> AsyncIterator[Api]:
    api = await Api(await new_database("identity"), issuer=Issuer(registration(process))).begin()
    async with api.http:
        yield api


async def set_policy(api: Api, **kinds: bool) -> None:
    read = await api.http.get("/v1/policies/external-sign-in", headers=api.staff)
    headers = {**api.staff, "If-Match": read.headers["ETag"]}
    put = await api.http.put("/v1/policies/external-sign-in", json={**read.json(), **kinds}, headers=headers)
    assert put.status_code == 200, put.text


async def begin(api: Api, **more: Any) -> httpx2.Response:
    return await api.http.post("/v1/sessions/external", json={"kind": "member", "return_to": RETURN_TO, **more})


async def finish(api: Api, attempt: str, back: dict[str, str]) -> httpx2.Response:
    body = {"attempt": attempt, "state": back["state"], "code": back["code"]}
    return await api.http.post("/v1/sessions/external/finish", json=body)
