"""The journal as intents: what a client wanted, and everything it was told about that."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Attempt:
    sent_at: float
    answered_at: float
    status: int | None
    """None: the client does not know."""
    code: str
    error: str
    ids: dict[str, Any]


@dataclass
class Intent:
    id: str
    kind: str
    facts: dict[str, Any]
    attempts: list[Attempt] = field(default_factory=list)
    begun_at: float = 0
    gave_up: bool = False

    @property
    def successes(self) -> list[Attempt]:
        return [one for one in self.attempts if one.status is not None and one.status < 400]

    @property
    def ids(self) -> dict[str, Any] | None:
        """Of the first success; None: it was never acknowledged."""
        return self.successes[0].ids if self.successes else None

    @property
    def refusal(self) -> Attempt | None:
        """The client was told no, for good."""
        last = self.attempts[-1] if self.attempts else None
        if last is None or last.status is None or last.status < 400 or last.status in (401, 429) or last.status >= 500:
            return None
        return None if self.gave_up or last.code == "idempotency-key-in-use" else last

    @property
    def seconds(self) -> float | None:
        """From the wish to the first success."""
        return self.successes[0].answered_at - self.begun_at if self.successes else None


@dataclass(frozen=True)
class Mark:
    what: str
    at: float
    facts: dict[str, Any]


@dataclass(frozen=True)
class Told:
    intents: list[Intent]
    marks: list[Mark]

    def of(self, *kinds: str) -> list[Intent]:
        return [one for one in self.intents if one.kind in kinds]

    def last_mark(self, what: str) -> Mark | None:
        return next((mark for mark in reversed(self.marks) if mark.what == what), None)

    @classmethod
    def read(cls, path: Path) -> "Told":
        intents: dict[str, Intent] = {}
        marks = []
        for line in path.read_text().splitlines():
            said = json.loads(line)
            if "mark" in said:
                marks.append(Mark(said["mark"], said["at"], said))
                continue
            intent = intents.setdefault(said["intent"], Intent(said["intent"], said["kind"], said["facts"]))
            if "asked" in said:
                intent.begun_at = said["at"]
            elif "gave_up" in said:
                intent.gave_up = True
            else:
                intent.attempts.append(
                    Attempt(
                        **{name: said[name] for name in ("sent_at", "answered_at", "status", "code", "error", "ids")}
                    )
                )
        return cls(list(intents.values()), marks)
