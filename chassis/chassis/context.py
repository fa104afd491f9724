"""Who and what caused the code that runs now; stamped onto every event by the outbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Cause:
    """Set by each entry point: a request, an event or an activity.

    Attributes:
        correlation_id: the same for all that follows from one outside act.
        causation_id: of the event, or `<workflow id>/<activity>`, that led here directly.
        actor: opaque: `staff:<id>`, `member:<id>`, `contact:<id>`, `process:<workflow id>`, `operator:<claimed name>`.
    """

    correlation_id: str | None = None
    causation_id: str | None = None
    actor: str | None = None


_current: ContextVar[Cause] = ContextVar("cause", default=Cause())


def cause() -> Cause:
    return _current.get()


@contextmanager
def caused_by(new: Cause) -> Iterator[None]:
    token = _current.set(new)
    try:
        yield
    finally:
        _current.reset(token)


def act_as(actor: str) -> None:
    """Names the actor of what runs now, once it is known (after authentication)."""
    _current.set(replace(_current.get(), actor=actor))
