"""Signing in as a member of a company, and what a refused sign-in looks like."""

from dataclasses import dataclass
from typing import Any

from demo.story.cast import Person
from demo.story.world import World


@dataclass(frozen=True)
class Member:
    """A person who is signed in."""

    person: Person
    member_id: str
    company_id: str
    token: str
    refresh_token: str


def credentials(person: Person, company_id: str | None = None) -> dict[str, Any]:
    body = {"kind": "member", "email": person.email, "password": person.password}
    return body | ({"company_id": company_id} if company_id else {})


async def sign_in(world: World, person: Person, company_id: str) -> Member:
    answer = await world.identity.call("POST", "/sessions", body=credentials(person, company_id))
    token, refresh_token = world.secret(answer["access_token"]), world.secret(answer["refresh_token"])
    return Member(person, answer["member_id"], answer["company_id"], token, refresh_token)
