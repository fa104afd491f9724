"""Countries by their names in English, as people write them, to their ISO 3166-1 codes."""

from functools import cache

from babel import Locale

UNKNOWN = "ZZ"
"""ISO leaves it to its users; for `Unspecified`, `European Community` and whatever else is no country."""
_ALSO_CALLED = {
    "eire": "IE", "rsa": "ZA", "usa": "US", "uk": "GB", "great britain": "GB", "england": "GB",
    "channel islands": "JE", "czech republic": "CZ", "holland": "NL", "hong kong": "HK", "korea": "KR", "uae": "AE",
    "turkey": "TR", "macedonia": "MK",
}  # fmt: skip


def country_code(name: str) -> str:
    """`UNKNOWN` where there is no such country."""
    plain = " ".join(name.lower().split())
    return _codes().get(plain) or _ALSO_CALLED.get(plain, UNKNOWN)


@cache
def _codes() -> dict[str, str]:
    names = {code: str(name) for code, name in Locale("en").territories.items()}
    codes = {code for code in names if len(code) == 2 and code.isalpha() and code != UNKNOWN}
    return {names[code].lower(): code for code in codes} | {code.lower(): code for code in codes}
