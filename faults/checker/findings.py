"""What the checker finds."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """
    Attributes:
        invariant: `I1` to `I9`.
        kind: a stable code, which a row of the matrix may allow by name.
        what: for people.
        ids: what it is about; with `kind` it tells this finding from others.
    """

    invariant: str
    kind: str
    what: str
    ids: tuple[str, ...]


Findings = Iterator[Finding]


def finding(invariant: str, kind: str, what: str, *ids: object) -> Finding:
    return Finding(invariant, kind, what, tuple(str(one) for one in ids))
