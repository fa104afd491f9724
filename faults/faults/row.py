"""A row of the matrix: one file in `faults/rows`, named after its number."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from faults import rows
from faults.sources import Failpoint, Patch
from faults.system import System


@dataclass(frozen=True)
class Row:
    """
    Attributes:
        number: `F-P1`.
        fault: in a sentence.
        expected: the invariants that the row is there for; the checker looks at all of them.
        inject: begins the fault, lasts as long as it, and ends it. The load goes on meanwhile.
        failpoints: what its copy of the code has more than ours.
        proxied: parts of the stack that are to be reached through a proxy: `postgres`, `kafka`, `temporal`, `smtp` by services,
            `orders-api` and the like by clients.
        clocked: sets the clocks of services.
        allows: kinds of findings that the fault makes by its nature, with the reason: `{"timed-out": "it is stopped"}`;
            of a row that makes records itself, about these only (`System.made`).
        alone: does by hand to what is stored what only an operator does, so no other fault comes beside it by chance.
    """

    number: str
    component: str
    fault: str
    expected: str
    inject: Callable[[System], Awaitable[None]]
    failpoints: Sequence[Failpoint | Patch] = ()
    proxied: Sequence[str] = ()
    clocked: bool = False
    allows: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False

    @property
    def drawn(self) -> bool:
        """For random schedules: it needs no stack that is put up for it."""
        return not (self.alone or self.proxied or self.clocked)


KILLED_WHILE_MAILING = {
    "mail-twice": "who died between the mail server's yes and his note of it sends it again (NO-01)"
}


def all_rows() -> dict[str, Row]:
    """By number, in the order of the matrix."""
    found = [
        importlib.import_module(f"faults.rows.{module.name}").row for module in pkgutil.iter_modules(rows.__path__)
    ]
    return {row.number: row for row in sorted(found, key=_place)}


def _place(row: Row) -> tuple[int, int]:
    """`F-A1` … `F-P1` …: as in the matrix."""
    return "APOKTNX".index(row.number[2]), int(row.number[3:])
