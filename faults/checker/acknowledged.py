"""I1 and I7: what a client was told exists, once, as he was told it; what he was refused does not."""

from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from checker.facts import Facts
from checker.findings import Findings, finding
from checker.told import Intent

_AFTER = {
    "order.attest": {"attested", "placed", "confirmed", "refused", "cancelled"},
    "order.decline": {"declined"},
    "order.withdraw": {"withdrawn"},
    "order.cancel": {"cancelled"},
    "order.confirm": {"confirmed", "cancelled"},
}
"""Statuses that an order may have once such an act was acknowledged."""
_EXCLUDE_EACH_OTHER = ("order.attest", "order.decline", "order.withdraw")


def check(facts: Facts) -> Findings:
    yield from _same_answer(facts)
    yield from _orders(facts)
    yield from _acts(facts)
    yield from _refused_orders(facts)
    yield from _identity(facts)


def _same_answer(facts: Facts) -> Findings:
    """Under one key every success is the first one's."""
    for intent in facts.told.intents:
        if any(one.ids != intent.ids for one in intent.successes):
            yield finding("I1", "answers-differ", f"{intent.kind} was acknowledged twice, differently", intent.id)


def _orders(facts: Facts) -> Findings:
    by_cart = Counter(str(row["cart_id"]) for row in facts.orders.values())
    wanted = {intent.facts["cart_id"] for intent in facts.told.of("order.submit")}
    for intent in facts.told.of("order.submit"):
        if intent.ids is None:
            continue
        order_id = intent.ids["order_id"]
        row = facts.orders.get(order_id)
        if row is None:
            yield finding("I1", "acknowledged-order-missing", f"order {intent.ids['number']} does not exist", order_id)
            continue
        if by_cart[intent.facts["cart_id"]] != 1:
            yield finding("I1", "order-twice", f"one cart became {by_cart[intent.facts['cart_id']]} orders", order_id)
        for name, value in _promised(intent).items():
            if row[name] != value:
                yield finding(
                    "I1", "order-differs", f"{row['number']}: {name} is {row[name]}, not {value}", order_id, name
                )
        if intent.facts["attested"] != (row["rule"] is not None):
            yield finding("I1", "attestation-skipped", f"{row['number']} went past its company", order_id)
    for order_id, row in facts.orders.items():
        if str(row["cart_id"]) not in wanted:
            yield finding("I1", "order-unasked", f"nobody asked for order {row['number']}", order_id)


def _promised(intent: Intent) -> dict[str, Any]:
    said, assert_ids = intent.facts, intent.ids or {}
    return {
        "number": assert_ids["number"],
        "net": Decimal(said["net"]),
        "vat": Decimal(said["vat"]),
        "total": Decimal(said["total"]),
        "currency": said["currency"],
        "lines": said["lines"],
    }


def _acts(facts: Facts) -> Findings:
    acknowledged: dict[str, set[str]] = defaultdict(set)
    for intent in facts.told.of(*_AFTER):
        if intent.ids is None:
            continue
        order_id = intent.facts["order_id"]
        acknowledged[order_id].add(intent.kind)
        row = facts.orders.get(order_id)
        if row is None or row["status"] not in _AFTER[intent.kind]:
            stands = row["status"] if row else "absent"
            yield finding(
                "I1", "act-lost", f"{intent.kind} was acknowledged, the order is {stands}", order_id, intent.kind
            )
    for order_id, kinds in acknowledged.items():
        if len(kinds & set(_EXCLUDE_EACH_OTHER)) > 1:
            yield finding("I1", "contradiction", f"all acknowledged: {', '.join(sorted(kinds))}", order_id)


def _refused_orders(facts: Facts) -> Findings:
    by_cart = {str(row["cart_id"]): order_id for order_id, row in facts.orders.items()}
    for intent in facts.told.of("order.submit"):
        refusal = intent.refusal
        if refusal and intent.ids is None and (order_id := by_cart.get(intent.facts["cart_id"])):
            yield finding(
                "I8", "refused-but-done", f"told {refusal.status} {refusal.code}, but it is ordered", order_id
            )
    for intent in facts.told.of(*_AFTER):
        # Told no at the first attempt, it can not have done it; at a later one an earlier may have, under the same key.
        if intent.refusal and intent.ids is None and len(intent.attempts) > 1:
            row = facts.orders.get(intent.facts["order_id"])
            rivals = [one for one in facts.told.of(*_AFTER) if one.facts["order_id"] == intent.facts["order_id"]]
            if row and len(rivals) == 1 and row["status"] in _AFTER[intent.kind]:
                yield finding(
                    "I8", "refused-but-done", f"{intent.kind}: told {intent.refusal.code}, but it is done", row["id"]
                )


def _identity(facts: Facts) -> Findings:
    rows: Callable[[str], dict[str, dict[str, Any]]] = lambda table: {  # noqa: E731
        str(row["id"]): row for row in facts.databases.rows("identity", table)
    }
    applications, invitations, members, companies = map(rows, ("applications", "invitations", "members", "companies"))
    for kind, name, table in (
        ("application.submit", "application_id", applications),
        ("company.create", "company_id", companies),
        ("invitation.accept", "member_id", members),
    ):
        for intent in facts.told.of(kind):
            if intent.ids is not None and intent.ids[name] not in table:
                yield finding(
                    "I1", "acknowledged-missing", f"{kind} was acknowledged and is not there", intent.ids[name]
                )
    for intent in facts.told.of("invitation.issue"):
        for outcome in (intent.ids or {}).get("outcomes", ()):
            if outcome.get("invitation_id") and outcome["invitation_id"] not in invitations:
                yield finding("I1", "acknowledged-missing", "an invitation was acknowledged", outcome["invitation_id"])
    for intent in facts.told.of("application.approve"):
        row = applications.get(intent.facts["application_id"])
        if intent.ids is not None and (row is None or row["decision"] < 1):
            yield finding("I1", "act-lost", "an approval was acknowledged", intent.facts["application_id"])
    wanted = Counter(intent.ids["application_id"] for intent in facts.told.of("application.submit") if intent.ids)
    unknown = sum(1 for intent in facts.told.of("application.submit") if intent.ids is None)
    strangers = [one for one in applications if one not in wanted]
    if len(strangers) > unknown:
        yield finding("I1", "application-unasked", f"{len(strangers)} applications that nobody was told of", *strangers)
    for member in members.values():
        company = member["company_id"]
        if str(company) not in companies:
            yield finding("I1", "member-without-company", f"its company {company} is not there", member["id"])
