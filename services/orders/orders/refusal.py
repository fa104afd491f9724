"""A no with its reason, as a value: shown before it is met, stored when it is met later, raised when it is met now."""

from dataclasses import dataclass, field

from chassis.errors import Forbidden


@dataclass(frozen=True)
class Refusal:
    """
    Attributes:
        code: stable, for programs.
        detail: one sentence for people.
        facts: what the rule looked at: a status, a limit and the value over it.
    """

    code: str
    detail: str
    facts: dict[str, object] = field(default_factory=dict)

    def as_error(self) -> Forbidden:
        return Forbidden(self.code, self.detail, facts=self.facts)
