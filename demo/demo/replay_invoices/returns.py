"""Cancellations: which earlier sales of the same buyer they take back, and whether a whole one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from demo.replay_invoices.documents import Document, Line


class Return(StrEnum):
    """What becomes of a cancellation."""

    CANCELLED = "cancelled"
    """With it an earlier order has come back whole: it is cancelled."""
    PART = "returned in part"
    """Some goods of earlier orders came back; those orders stand, since there are no returns of parts of an order."""
    SALE_NOT_PLAYED = "its sale was not played"
    """The sale was refused in this replay."""
    SALE_NOT_IN_FILE = "its sale is not in the file"
    """No earlier invoice of this buyer has as many of these articles left."""


@dataclass
class Sale:
    """An earlier invoice of a buyer, and what of it has not come back yet."""

    document: str
    order_id: str | None
    """None: it was refused."""
    net: Decimal
    left: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, document: Document, order_id: str | None) -> "Sale":
        return cls(document.number, order_id, document.net, _quantities(document.lines))


@dataclass(frozen=True)
class TakenBack:
    outcome: Return
    whole: tuple[Sale, ...]
    """Orders to be cancelled."""
    sales: tuple[str, ...]
    """Invoices that it was matched to."""


def take_back(sales: list[Sale], cancellation: Document) -> TakenBack:
    """Finds what comes back, newest sale first, but a sale that it matches exactly before all others."""
    wanted = _quantities(cancellation.lines)
    exact = [sale for sale in reversed(sales) if sale.left == wanted]
    touched: list[Sale] = []
    for sale in [*exact[:1], *reversed(sales)]:
        part = sale.left & wanted
        if part:
            sale.left -= part
            wanted -= part
            touched.append(sale)
    whole = tuple(sale for sale in touched if not sale.left and sale.order_id)
    return TakenBack(_outcome(touched, whole, missing=bool(wanted)), whole, tuple(sale.document for sale in touched))


def _outcome(touched: list[Sale], whole: tuple[Sale, ...], *, missing: bool) -> Return:
    if whole:
        return Return.CANCELLED
    if any(sale.order_id for sale in touched):
        return Return.PART
    return Return.SALE_NOT_PLAYED if touched and not missing else Return.SALE_NOT_IN_FILE


def _quantities(lines: Iterable[Line]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for line in lines:
        counted[line.article] += line.quantity
    return counted
