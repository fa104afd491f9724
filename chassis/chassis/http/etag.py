"""Versions in `ETag` and `If-Match`: the sequence of the aggregate, or the version of a policy."""

import re

from chassis.errors import Invalid, StaleVersion, VersionMissing


def etag(version: int) -> str:
    return f'"{version}"'


def required_version(if_match: str) -> int:
    """The version that an `If-Match` header names.

    Raises:
        Invalid: it is not one of our entity tags.
    """
    found = re.fullmatch(r'"(\d{1,18})"', if_match.strip())
    if found is None:
        raise Invalid("if-match-malformed", 'If-Match must be the ETag of an earlier answer, as in "3".')
    return int(found[1])


def check_version(if_match: str | None, current: int) -> None:
    """
    Raises:
        StaleVersion: somebody changed it since.
    """
    if if_match is not None and if_match.strip() != "*" and required_version(if_match) != current:
        raise StaleVersion


def must_name_version(if_match: str | None) -> None:
    """For what is made and changed by the same `PUT`, before it changes something that is there.

    Raises:
        VersionMissing: there is no `If-Match`.
    """
    if if_match is None:
        raise VersionMissing
