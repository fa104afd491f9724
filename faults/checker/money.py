"""I4: no money, budget or credit drifts."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from checker.facts import Facts
from checker.findings import Findings, finding

_TAKES_NOTHING = {"declined", "expired", "withdrawn", "refused", "cancelled"}


def check(facts: Facts) -> Findings:
    yield from _usage(facts)
    yield from _totals(facts)


def _usage(facts: Facts) -> Findings:
    """What is used of a month is what its orders take that have not ended."""
    expected: dict[tuple[str, date, str], Decimal] = defaultdict(Decimal)
    for row in facts.orders.values():
        takes = row["status"] not in _TAKES_NOTHING
        if row["holds_budget"] != takes:
            yield finding(
                "I4",
                "budget-held",
                f"{row['number']} is {row['status']}, holds budget: {row['holds_budget']}",
                row["id"],
            )
        for subject in filter(None, (row["company_id"], row["member_id"])):
            expected[str(subject), row["month"], row["currency"]] += row["total"] if takes else Decimal(0)
    booked = {
        (str(row["subject"]), row["month"], row["currency"]): row["used"]
        for row in facts.databases.rows("orders", "usage")
    }
    for key in expected.keys() | booked.keys():
        if expected[key] != booked.get(key, Decimal(0)):
            yield finding(
                "I4", "budget-drift", f"{key[0]}: {booked.get(key)} is booked, orders take {expected[key]}", *key
            )


def _totals(facts: Facts) -> Findings:
    """Lines, totals and what was published agree to the cent."""
    lines = {str(row["order_id"]): row for row in facts.databases.rows("orders", "lines")}
    for order_id, row in facts.orders.items():
        found = lines.get(order_id)
        if found is None or (found["lines"], found["net"]) != (row["lines"], row["net"]):
            yield finding("I4", "lines-differ", f"{row['number']}: lines {found}", order_id)
        if row["net"] + row["vat"] != row["total"]:
            yield finding(
                "I4", "total-wrong", f"{row['number']}: {row['net']} + {row['vat']} is not {row['total']}", order_id
            )
    for event in facts.events:
        said: Any = event.body.get("total")
        order = facts.orders.get(str(event.body.get("order_id")))
        if order and said and (Decimal(said["amount"]), said["currency"]) != (order["total"], order["currency"]):
            yield finding("I4", "published-total-differs", f"{event.type}: {said}", event.id)
