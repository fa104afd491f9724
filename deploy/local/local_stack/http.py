"""GET on this machine."""

import json
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

_DIRECT = build_opener(ProxyHandler({}))
"""A proxy of the user's must not see requests to 127.0.0.1."""


def get_json(url: str, *, patience: float = 5) -> object:
    """Raises `OSError` for everything that is not JSON with status 200."""
    with _DIRECT.open(url, timeout=patience) as answer:
        try:
            return json.load(answer)
        except ValueError as error:
            raise URLError("not JSON") from error
