"""Steps of the story: numbered, timed, passed or failed, with what they leave behind to look at."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from demo.mailbox import Mail

ANY_KEY = "*"

current: ContextVar["Step | None"] = ContextVar("the step that a request belongs to", default=None)


@dataclass(frozen=True, slots=True)
class Trail:
    """An event that a step claims to have caused; the subscriber must have seen it."""

    type: str
    key: str
    """`ANY_KEY`: told by its facts alone."""
    facts: tuple[tuple[str, str], ...] = ()
    """Fields of the body that tell it from others of its type and key."""

    def fits(self, body: dict[str, Any]) -> bool:
        return all(body.get(name) == value for name, value in self.facts)


@dataclass
class Step:
    """Used as `async with part.step(who, what, service) as step`. An exception fails it, and goes on to end the part."""

    number: str
    who: str
    what: str
    service: str
    finished: Callable[["Step"], None]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0
    failure: str = ""
    notes: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    trails: list[Trail] = field(default_factory=list)
    workflows: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def event(self, name: str, key: str, **facts: str) -> None:
        """Claims an event, named as in `identity.application.submitted`, major version 1, with these facts in its body."""
        self.trails.append(Trail(f"countersign.{name}.v1", key, tuple(facts.items())))

    def mailed(self, mail: Mail) -> None:
        """Shows the mail, and claims the event of its delivery."""
        self.notes.append(f"“{mail.subject}” ({mail.language})")
        facts = (("message_id", mail.message_id),)
        self.trails.append(Trail("countersign.notifications.delivery.sent.v1", ANY_KEY, facts))

    def workflow(self, workflow_id: str) -> None:
        self.workflows.append(workflow_id)

    async def __aenter__(self) -> Self:
        self._token = current.set(self)
        self._began = time.monotonic()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        current.reset(self._token)
        self.seconds = time.monotonic() - self._began
        if error is not None:
            self.failure = str(error) or type(error).__name__
            if isinstance(error, LookupError | TypeError | ValueError):  # their text alone says too little
                self.failure = f"{type(error).__name__}: {error}"
            error.add_note(f"step {self.number}")
        self.finished(self)


@dataclass
class Story:
    """All steps that ended, in that order. `told` is called with each."""

    told: Callable[[Step], None]
    steps: list[Step] = field(default_factory=list)
    _parts: dict[int, "Part"] = field(default_factory=dict)

    def part(self, number: int) -> "Part":
        return self._parts.setdefault(number, Part(self, number))

    def ended(self, step: Step) -> None:
        self.steps.append(step)
        self.told(step)

    @property
    def failed(self) -> int:
        return sum(bool(step.failure) for step in self.steps)


@dataclass
class Part:
    """Counts its steps in the order in which they begin."""

    story: Story
    number: int
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def step(self, who: str, what: str, service: str) -> Step:
        """
        Args:
            who: the person or process that acts, as the reader of the timeline knows it.
            service: the service that answers for it.
        """
        return Step(f"{self.number}.{next(self._count):02}", who, what, service, self.story.ended)


def expect(condition: object, otherwise: str) -> None:
    """Fails the step with a sentence when the condition does not hold."""
    if not condition:
        raise AssertionError(otherwise)
