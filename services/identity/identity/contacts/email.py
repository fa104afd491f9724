"""E-mail addresses: one written form per mailbox, and what their domain tells."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")

# fmt: off
FREE_MAIL = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.nl", "hotmail.fr", "live.com", "live.nl",
    "live.be", "msn.com", "yahoo.com", "yahoo.fr", "icloud.com", "me.com", "aol.com", "gmx.de", "gmx.net",
    "web.de", "t-online.de", "proton.me", "protonmail.com", "ziggo.nl", "kpnmail.nl", "planet.nl", "home.nl",
    "telenet.be", "skynet.be", "proximus.be", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr",
    "telia.com", "bredband.net", "comhem.se", "tele2.se", "spray.se",
})
# fmt: on
"""Domains that anybody may have an address in: sharing one says nothing about the company."""


def normalised(address: str) -> str:
    """Lower case, without space around it: what addresses are compared and stored by.

    Raises:
        ValueError: it is not an address.
    """
    address = address.strip().lower()
    if not _ADDRESS.fullmatch(address) or ".." in address:
        raise ValueError("must be an e-mail address")
    return address


Email = Annotated[str, Field(max_length=254, examples=["inkoop@example.com"]), AfterValidator(normalised)]


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]
