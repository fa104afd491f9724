"""Sessions that outlive an access token, which is good for five minutes: on a busy machine a journey takes longer."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx2


@dataclass
class Session:
    access_token: str
    refresh_token: str


class RenewedSessions(httpx2.Auth):
    """Renews what has expired, as any client does. A test goes on using the token that it was given at the sign-in."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        """Where sessions are renewed."""
        self._sessions: dict[str, Session] = {}
        """By the access token of the sign-in."""
        self._renewing = asyncio.Lock()

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        session = self._sessions.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        used = session.access_token if session else ""
        if session:
            request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if request.url.path == "/v1/sessions" and response.status_code == 201:
            tokens = await _json(response)
            self._sessions[tokens["access_token"]] = Session(tokens["access_token"], tokens["refresh_token"])
        if session and response.status_code == 401 and (await _json(response))["code"] == "token-expired":
            async with self._renewing:
                if session.access_token == used:
                    body = {"refresh_token": session.refresh_token}
                    renewed = yield httpx2.Request("POST", f"{self.identity}/v1/sessions/refresh", json=body)
                    renewed.raise_for_status()
                    tokens = await _json(renewed)
                    session.access_token, session.refresh_token = tokens["access_token"], tokens["refresh_token"]
            request.headers["Authorization"] = f"Bearer {session.access_token}"
            yield request


async def _json(response: httpx2.Response) -> dict[str, str]:
    await response.aread()
    return response.json()
