"""Who asks: everybody of whom a company that is not his is to have nothing, and what never was, to compare with."""

from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey

from chassis import clock
from chassis.keys import ALGORITHM
from contracts.identity.values import LinkPurpose
from tests.api.installation import Installation, bearer, claims_in, link
from tests.api.planting import Headers, World, token_of

ACTIVE = ("an administrator elsewhere", "a member elsewhere")
OUT = ("a removed member", "a removed member elsewhere", "an administrator of a suspended company")
NOBODY = ("nobody", "a forged token", "an expired token")
REPRESENTATIVE = "a representative of another company"
TRAINEE = "one of the staff who may nothing"


async def strangers(merchant: Installation, world: World) -> dict[str, Headers]:
    """Everybody of whom `world.theirs` is to have nothing, by what he is."""
    theirs = claims_in(token_of(world.theirs.people["administrator"]))
    return {
        "nobody": {},
        "a forged token": bearer(_forged(token_of(world.ours.people["administrator"]), theirs)),
        "an expired token": await merchant.signed(theirs | {"exp": int(clock.now().timestamp()) - 60}),
        "an administrator elsewhere": world.ours.people["administrator"],
        "a member elsewhere": world.ours.people["member"],
        "a removed member": world.theirs.people["removed"],
        "a removed member elsewhere": world.ours.people["removed"],
        "an administrator of a suspended company": world.suspended.people["administrator"],
        REPRESENTATIVE: world.representative,
        TRAINEE: world.trainee,
    }


def _forged(token: str, claims: dict[str, Any]) -> str:
    """With the key id of a real token, signed by somebody else."""
    head = token.split(".")[0]
    header = claims_in(f".{head}.")
    return jwt.encode(header, claims, ECKey.generate_key("P-256"), algorithms=[ALGORITHM])


def nothing_like(claimed: dict[str, str]) -> dict[str, str]:
    """The same names for what never was, of the same form and length."""
    return {name: _absent(name, value) for name, value in claimed.items()}


def _absent(name: str, value: str) -> str:
    match name:
        case "signed" | "staff_signed":  # whoever has it could only have it from a company that is there
            return value
        case "order_number":
            return "O-999999"
        case "invitation_token" | "answer_token" | "staff_token":
            return link(LinkPurpose.RESET, str(uuid4()), "nobody@nowhere.example")
        case "email" | "staff_email" | "consumer_email":
            return f"{uuid4().hex}@nowhere.example"[-len(value) :]
        case "refresh_token":
            return uuid4().hex + value[32:]
        case "price_list":
            return uuid4().hex[: len(value)]
        case _:
            return str(uuid4())
