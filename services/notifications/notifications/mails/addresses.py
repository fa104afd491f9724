"""E-mail addresses, which come from strangers: what we may hand to a mail server, and how the log shows them."""

import re

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_LOCAL})@(?P<domain>{_LABEL}(?:\.{_LABEL})*)")


def deliverable(address: str) -> str | None:
    """The address as SMTP takes it, its domain in ASCII (IDNA).

    None when it is none that we mail: quoted or non-ASCII local parts, address literals, anything with a line break.
    """
    local, at, domain = address.strip(" ").rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode() if at else ""
    except UnicodeError:
        return None
    candidate = f"{local}@{ascii_domain}"
    found = _ADDRESS.fullmatch(candidate)
    return candidate if found and len(found["local"]) <= 64 and len(candidate) <= 254 else None


def is_address(value: str) -> bool:
    return deliverable(value) is not None


def masked(address: str) -> str:
    """`jan@example.com` is `j…@example.com`: enough to tell two addresses of a person apart."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
