"""Refusals with a code. Each kind has one HTTP status and one meaning to a consumer; nobody matches on message text."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass
class Problem:
    """One thing wrong with one field: a JSON pointer into the request body, a code, a sentence."""

    pointer: str
    code: str
    detail: str


class DomainError(Exception):
    """A rule said no.

    Args:
        code: stable, lower case with hyphens, for programs: `order-own-attestation`.
        detail: one sentence for people; names no person.
        problems: which fields, where the request names them.
        facts: further members of the answer, for programs (the status that refuses, a proposal).
    """

    status: ClassVar[int] = 422

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        problems: list[Problem] | None = None,
        facts: dict[str, object] | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.problems = problems or []
        self.facts = facts or {}

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code


class Invalid(DomainError):
    """The request contradicts itself or a rule about its form."""

    status = 422


class Unauthenticated(DomainError):
    """Nobody, or nobody we can verify."""

    status = 401


class Forbidden(DomainError):
    """Somebody, but he may not."""

    status = 403


class NotFound(DomainError):
    """Absent, or not the caller's: the answer is the same."""

    status = 404

    def __init__(self, detail: str = "There is nothing here, or it is not yours.") -> None:
        super().__init__("not-found", detail)


class Conflict(DomainError):
    """Not in the state that it is in, or somebody else was first."""

    status = 409


class StaleVersion(DomainError):
    """`If-Match` names a version that is not the current one."""

    status = 412

    def __init__(self) -> None:
        super().__init__("stale-version", "It has changed since you read it; read it again.")


class VersionMissing(DomainError):
    """A change of something that is there, without `If-Match`: whoever has not read it would undo what others did."""

    status = 428

    def __init__(self) -> None:
        super().__init__("if-match-missing", "It is there already: name the version that you read, or * for any.")


class TooManyRequests(DomainError):
    """Later again. `facts["retry_after"]` is in seconds."""

    status = 429


class NotYet(DomainError):
    """Something it needs has not arrived here yet (a projection, a key); the same call will succeed soon.

    A consumer holds its partition and tries again; HTTP answers 503 with `Retry-After`.
    """

    status = 503
