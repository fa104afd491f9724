"""The staff account of the demo: the same one each time, so that a second run signs in with it."""

import json
import os
import secrets
from pathlib import Path

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
