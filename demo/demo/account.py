"""The staff account of the demo: the same one each time, so that a second run signs in with it."""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from demo.http_api import Unexpected
from demo.story.cast import MERCHANT_DOMAIN
from demo.story.world import Account

STAFF_NAME = "Marijke Visser"
STAFF_EMAIL = f"marijke.visser@{MERCHANT_DOMAIN}"


def staff_account(folder: Path) -> Account:
    """Its password is made once, and kept beside the stack's data, readable by nobody else."""
    path = folder / "demo.json"
    try:
        kept = json.loads(path.read_text())
        return Account(kept["email"], kept["password"])
    except (FileNotFoundError, ValueError, KeyError):
        account = Account(STAFF_EMAIL, secrets.token_urlsafe(18))
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump({"email": account.email, "password": account.password}, out)
    return account


async def make_first_staff_member(account: Account, environment: Mapping[str, str], folder: Path) -> str:
    """By identity's own command, as the operator does; what it said. Made already: nothing happens.

    Args:
        environment: what identity is started with.

    Raises:
        Unexpected: it failed.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "identity", "bootstrap-staff", "--name", STAFF_NAME, "--email", account.email),
        env={**os.environ, **environment, "COUNTERSIGN_BOOTSTRAP_PASSWORD": account.password},
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    said = output.decode(errors="replace").strip()
    if process.returncode:
        raise Unexpected(f"bootstrap-staff ended with {process.returncode}: {said[-300:]}")
    return said
