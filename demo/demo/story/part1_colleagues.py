"""Part 1, aside: a colleague who confirms approvals, by a second factor, and a sales representative."""

import pyotp

from demo.http_api import Answer
from demo.steps import Part
from demo.story.cast import Person
from demo.story.world import World

ADMINISTRATOR, REPRESENTATIVE = "administrator", "representative"
"""Roles of staff, as delivered."""


async def add_colleagues(world: World, part: Part) -> None:
    reviewer, representative = world.cast.colleagues
    async with part.step(
        "staff", f"adds {reviewer.name}, and {representative.name} as a sales representative", "identity"
    ) as step:
        await _add(world, reviewer, role=ADMINISTRATOR)
        await _add(world, representative, role=REPRESENTATIVE, representative=world.representative_code)
        world.representative = world.secret((await _sign_in(world, representative))["access_token"])
        step.note(f"the companies of {world.representative_code} are hers")
    await _protect_sign_in(world, part, reviewer)


async def _add(world: World, person: Person, **terms: str) -> None:
    body = {"name": person.name, "email": person.email, "password": person.password, **terms}
    await world.identity.call("POST", "/staff", token=world.staff, body=body)


async def _sign_in(world: World, person: Person) -> Answer:
    body = {"kind": "staff", "email": person.email, "password": person.password}
    return await world.identity.call("POST", "/sessions", body=body)


async def _protect_sign_in(world: World, part: Part, person: Person) -> None:
    """His app shows a code; a code is good once."""
    async with part.step(person.name, "protects the sign-in by an app that shows codes", "identity") as step:
        token = world.secret((await _sign_in(world, person))["access_token"])
        body = {"password": person.password}
        begun = await world.identity.call("POST", "/second-factor", token=token, body=body)
        app = pyotp.parse_uri(begun["otpauth_uri"])
        assert isinstance(app, pyotp.TOTP)
        code = app.now()
        confirmed = await world.identity.call("POST", "/second-factor/confirm", token=token, body={"code": code})
        recovery, *others = [world.secret(one) for one in confirmed["recovery_codes"]]
        step.note(f"{len(others) + 1} recovery codes")
    async with part.step(
        person.name, "signs in: the password alone opens nothing, a used code neither", "identity"
    ) as step:
        challenge = {"challenge": world.secret((await _sign_in(world, person))["challenge"])}
        path = "/sessions/second-factor"
        await world.identity.refused(401, "code-invalid", "POST", path, body={**challenge, "code": code})
        opened = await world.identity.call("POST", path, body={**challenge, "code": recovery})
        world.reviewer = world.secret(opened["access_token"])
        step.note("opened by a recovery code")
