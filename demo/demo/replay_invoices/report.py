"""The report: a page for people, and a file with every document that is not equal."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from demo.replay_invoices.comparing import Cause
from demo.replay_invoices.derivation import Derived
from demo.replay_invoices.documents import Past, is_walk_in
from demo.replay_invoices.outcomes import Outcome, PartTotals, ReturnOutcome, Verdict, totals

SHOWN = 12
"""Of what is unexplained."""
ENOUGH = 0.99
"""Of the invoices of goods of the derived part, so many must be equal to the cent."""


@dataclass(frozen=True)
class Report:
    past: Past
    derived: Derived
    outcomes: Sequence[Outcome]
    returns: Sequence[ReturnOutcome]
    wrong_orders: Sequence[str]
    """What the orders themselves say otherwise at the end."""
    seconds: float
    """In which the documents were played."""
    run: str

    @property
    def first(self) -> PartTotals:
        return totals(one for one in self.outcomes if one.document.derived)

    @property
    def last(self) -> PartTotals:
        return totals(one for one in self.outcomes if not one.document.derived)

    @property
    def unexplained(self) -> list[str]:
        """A sentence for each."""
        return [
            *(f"invoice {one.document.number}: {one.detail or 'differs'}" for one in self.outcomes if one.unexplained),
            *(
                f"cancellation {one.document.number}: {one.detail}"
                for one in self.returns
                if one.became == Cause.UNEXPLAINED
            ),
            *self.wrong_orders,
        ]

    @property
    def succeeded(self) -> bool:
        return self.first.share_equal >= ENOUGH and not self.unexplained

    @property
    def rates(self) -> dict[str, float]:
        """Of the whole time, which those with and without attestation share."""
        taken = [one for one in self.outcomes if one.order_id]
        attested = sum(one.attested for one in taken)
        seconds = self.seconds or 1
        return {
            "seconds": round(self.seconds, 1),
            "orders": len(taken),
            "attested orders": attested,
            "orders per second": round(len(taken) / seconds, 2),
            "order lines per second": round(sum(len(one.document.lines) for one in taken) / seconds, 1),
        }

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "succeeded": self.succeeded,
            "file": {
                "rows": self.past.rows,
                "documents": len(self.past.documents),
                "unreadable rows": dict(self.past.unreadable),
                "set aside": {reason: f"{amount:.2f}" for reason, amount in self._set_aside().items()},
            },
            "derived": self.derived.figures(),
            "derived part": self.first.as_json(),
            "derived part, walk-in sales alone": totals(
                one for one in self.outcomes if one.document.derived and is_walk_in(one.document.buyer)
            ).as_json(),
            "last part": self.last.as_json(),
            "cancellations": dict(Counter(str(one.became) for one in self.returns)),
            "speed": self.rates,
            "unexplained": self.unexplained,
            "invoices that are not equal": [_told(one) for one in self.outcomes if one.verdict is not Verdict.EQUAL],
            "cancellations one by one": [
                {"number": one.document.number, "became": str(one.became), "sales": one.sales} for one in self.returns
            ],
        }

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.as_json(), indent=2))

    def show(self, console: Console) -> None:
        figures = self.derived.figures()
        console.print("\nDerived from the first 80 % of the file", style="bold")
        for name, value in figures.items():
            console.print(f"  {name:<62} {value:>10,}", highlight=False)
        console.print(_parts_table({"derived part": self.first, "last part": self.last}))
        console.print("Cancellations", style="bold")
        for became, many in Counter(str(one.became) for one in self.returns).most_common():
            console.print(f"  {became:<62} {many:>10,}", highlight=False)
        console.print("Lines set aside, with their amounts", style="bold")
        for reason, amount in self._set_aside().items():
            console.print(f"  {reason:<62} {amount:>13,.2f}", highlight=False)
        for why, many in self.past.unreadable.items():
            console.print(f"  {f'unreadable rows: {why}':<62} {many:>10,}", highlight=False)
        rates = self.rates
        console.print(
            f"\n{rates['orders']:,} orders, {rates['attested orders']:,} of them attested, in {rates['seconds']:,} s: "
            f"{rates['orders per second']} orders/s, {rates['order lines per second']:,} lines/s",
            highlight=False,
        )
        for sentence in self.unexplained[:SHOWN]:
            console.print(f"unexplained: {sentence}", style="red", highlight=False)

    def _set_aside(self) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = {}
        for document in self.past.documents:
            for reason, amount in document.set_aside.items():
                sums[reason] = sums.get(reason, Decimal(0)) + amount
        return sums


def _parts_table(parts: dict[str, PartTotals]) -> Table:
    table = Table("invoices", *parts, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("sales of goods", *(f"{one.played:,}" for one in parts.values()))
    table.add_row(
        "equal to the cent", *(f"{one.equal:,} ({one.share_equal:.2%})" for one in parts.values()), style="green"
    )
    for verdict in ("different", "refused", "not_played"):
        causes = sorted({cause for one in parts.values() for cause in getattr(one, verdict)})
        for cause in causes:
            name = f"{verdict.replace('_', ' ')}: {cause}"
            table.add_row(name, *(f"{getattr(one, verdict)[cause]:,}" for one in parts.values()))
    table.add_row("lines priced", *(f"{one.lines:,}" for one in parts.values()))
    table.add_row("lines different", *(f"{one.lines_different:,}" for one in parts.values()))
    return table


def _told(outcome: Outcome) -> dict[str, Any]:
    document = outcome.document
    return {
        "number": document.number,
        "part": "derived" if document.derived else "last",
        "customer": document.buyer,
        "verdict": outcome.verdict,
        "causes": [str(cause) for cause in outcome.causes],
        "invoiced": str(document.net),
        "charged": None if outcome.charged is None else str(outcome.charged),
        "lines": [
            {
                "article": line.article,
                "quantity": line.quantity,
                "invoiced": str(line.invoiced),
                "charged": str(line.charged),
                "cause": line.cause,
            }
            for line in outcome.differences
        ],
        "detail": outcome.detail,
    }
