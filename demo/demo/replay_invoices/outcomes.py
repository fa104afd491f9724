"""What became of each document, and the sums of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from demo.replay_invoices.comparing import Cause, Difference
from demo.replay_invoices.documents import Document
from demo.replay_invoices.returns import TakenBack


class Verdict(StrEnum):
    EQUAL = "equal"
    """Priced to the cent as the invoice, line by line, and taken."""
    DIFFERENT = "different"
    """Taken, at another price."""
    REFUSED = "refused"


@dataclass
class Outcome:
    """Of an invoice."""

    document: Document
    verdict: Verdict
    causes: tuple[str, ...] = ()
    detail: str = ""
    """What a fault said."""
    differences: Sequence[Difference] = ()
    charged: Decimal | None = None
    order_id: str | None = None
    attested: bool = False

    @property
    def unexplained(self) -> bool:
        return Cause.UNEXPLAINED in self.causes or (self.verdict is not Verdict.EQUAL and not self.causes)

    def fail(self, detail: str) -> None:
        """Something that no cause explains."""
        self.verdict, self.causes, self.detail = Verdict.REFUSED, (Cause.UNEXPLAINED,), detail


@dataclass
class ReturnOutcome:
    """Of a cancellation."""

    document: Document
    became: str
    """A `Return`, or a `NotPlayed` where it has no goods."""
    sales: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    """Ids of orders."""
    detail: str = ""

    @classmethod
    def of(cls, document: Document, taken: TakenBack) -> "ReturnOutcome":
        ids = tuple(sale.order_id for sale in taken.whole if sale.order_id)
        return cls(document, taken.outcome, taken.sales, ids)


@dataclass
class PartTotals:
    """Invoices of one part of the file."""

    played: int = 0
    equal: int = 0
    different: Counter[str] = field(default_factory=Counter)
    """By cause; an invoice with several counts once, under the first."""
    refused: Counter[str] = field(default_factory=Counter)
    not_played: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    lines_different: int = 0
    unexplained: int = 0

    @property
    def share_equal(self) -> float:
        """Of the invoices that are sales of goods."""
        return self.equal / self.played if self.played else 1.0

    def as_json(self) -> dict[str, Any]:
        return {
            "invoices of goods": self.played,
            "equal to the cent": self.equal,
            "share equal": round(self.share_equal, 5),
            "different": dict(self.different),
            "refused": dict(self.refused),
            "not played": dict(self.not_played),
            "lines priced": self.lines,
            "lines different": self.lines_different,
            "unexplained": self.unexplained,
        }


def totals(outcomes: Iterable[Outcome]) -> PartTotals:
    sums = PartTotals()
    for one in outcomes:
        if one.document.why_not is not None:
            sums.not_played[one.document.why_not.value] += 1
            continue
        sums.played += 1
        sums.unexplained += one.unexplained
        if one.charged is not None:
            sums.lines += len(one.document.lines)
            sums.lines_different += len(one.differences)
        if one.verdict is Verdict.EQUAL:
            sums.equal += 1
        elif one.verdict is Verdict.DIFFERENT:
            sums.different[str(one.causes[0])] += 1
        else:
            sums.refused[str(one.causes[0])] += 1
    return sums
