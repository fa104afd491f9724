"""People with a device that shows codes, and a clock that a test moves on."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pyotp
import pytest

from chassis import clock
from chassis.http.etag import etag
from tests.identity.conftest import Api
from tests.identity.people import PASSWORD
from tests.identity.sign_in.conftest import EMAIL, SignedIn, company, iris, sign_in, staff, try_to_sign_in  # noqa: F401

PERIOD = timedelta(seconds=30)


@dataclass
class Time:
    """Stands still until it is moved."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def pass_by(self, span: timedelta = PERIOD) -> None:
        self.at += span


@pytest.fixture
def time(api: Api, monkeypatch: pytest.MonkeyPatch) -> Time:
    stopped = Time(clock.now())
    monkeypatch.setattr(clock, "now", stopped.now)
    return stopped


@dataclass
class Device:
    """Shows the code of each moment; `codes` are for when it is lost."""

    uri: str
    time: Time
    codes: list[str] = field(default_factory=list)

    def code(self, periods: int = 0) -> str:
        """Of now, or of so many periods later or before."""
        totp = pyotp.parse_uri(self.uri)
        assert isinstance(totp, pyotp.TOTP)
        return totp.at(self.time.at + periods * PERIOD)

    def fresh(self) -> str:
        """Of a period that comes after all codes that were shown."""
        self.time.pass_by()
        return self.code()


async def enrolled(who: SignedIn, time: Time) -> Device:
    begun = await who.call("POST", "/second-factor", {"password": PASSWORD})
    assert begun.status_code == 201, begun.text
    device = Device(begun.json()["otpauth_uri"], time)
    confirmed = await who.call("POST", "/second-factor/confirm", {"code": device.code()})
    assert confirmed.status_code == 200, confirmed.text
    device.codes = confirmed.json()["recovery_codes"]
    return device


async def first_step(api: Api, email: str = EMAIL, **more: Any) -> dict[str, Any]:
    """The challenge."""
    answer = await try_to_sign_in(api, email, **more)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def second_step(api: Api, challenge: dict[str, Any], code: str) -> httpx2.Response:
    body = {"challenge": challenge["challenge"], "code": code}
    return await api.http.post("/v1/sessions/second-factor", json=body)


async def set_policy(api: Api, **changed: str) -> None:
    read = await api.http.get("/v1/policies/second-factor", headers=api.staff)
    headers = {**api.staff, "If-Match": read.headers["ETag"] or etag(0)}
    put = await api.http.put("/v1/policies/second-factor", json={**read.json(), **changed}, headers=headers)
    assert put.status_code == 200, put.text


@pytest.fixture
async def device(api: Api, iris: Any, time: Time) -> Device:  # noqa: F811
    """Of the administrator Iris, who has enrolled."""
    return await enrolled(await sign_in(api), time)
