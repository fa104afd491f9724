"""I9: the chain of decisions on every account, invitation and order is complete, and its process agrees with its row."""

from collections import Counter, defaultdict
from typing import Any

from checker.facts import Facts
from checker.findings import Findings, finding
from checker.kafka import Record

_ORDER = "countersign.orders.order."
_STEPS = {
    "": {"submitted"},
    "submitted": {"attestation_requested", "placed"},
    "attestation_requested": {"attested", "declined", "expired", "withdrawn", "cancelled"},
    "attested": {"placed", "refused", "cancelled"},
    "placed": {"confirmed", "cancelled"},
    "confirmed": {"cancelled"},
}
"""Which decision may follow which."""
_STATUS = {"attestation_requested": "awaiting_attestation"}
_ASIDE = {"attesters_asked", "attestation_reminded", "attestation_extended"}
_DECISIONS = {f"{_ORDER}{name}.v1" for name in ("attested", "declined", "withdrawn", "cancelled", "confirmed")} | {
    f"countersign.identity.application.{name}.v1" for name in ("approval_requested", "rejected")
}


def check(facts: Facts) -> Findings:
    yield from _orders(facts)
    for event in facts.events:
        if event.type in _DECISIONS and not event.header("ce_actor"):
            yield finding("I9", "decision-by-nobody", f"{event.type} names no actor", event.id)
    yield from _processes(facts)
    yield from _deliveries(facts)


def _orders(facts: Facts) -> Findings:
    by_order: dict[str, list[Record]] = defaultdict(list)
    for event in facts.events:
        if event.type.startswith(_ORDER):
            by_order[str(event.body.get("order_id"))].append(event)
    for order_id, row in facts.orders.items():
        last = ""
        for event in by_order.get(order_id, ()):
            step = event.type.removeprefix(_ORDER).removesuffix(".v1")
            if step in _ASIDE:
                continue
            if step not in _STEPS.get(last, set()):
                yield finding(
                    "I9", "chain-broken", f"{row['number']}: {step} after {last or 'nothing'}", order_id, step
                )
            last = step
        if _STATUS.get(last, last) != row["status"]:
            yield finding("I9", "chain-incomplete", f"{row['number']} is {row['status']}, published {last}", order_id)
    for order_id in by_order.keys() - facts.orders.keys():
        yield finding("I9", "chain-of-nothing", "events of an order that does not exist", order_id)


def _processes(facts: Facts) -> Findings:
    """A process for every open row and none for another, one run each; one that was continued as new is still the same."""
    open_ids, all_ids = _expected(facts)
    runs = Counter(run.id for run in facts.runs if run.status != "CONTINUED_AS_NEW")
    running = {run.id for run in facts.runs if run.status == "RUNNING"}
    for run in facts.runs:
        if run.status not in ("RUNNING", "COMPLETED", "CONTINUED_AS_NEW"):
            yield finding("I9", "process-failed", f"{run.id} is {run.status}", run.id)
        if run.id not in all_ids:
            yield finding("I9", "process-without-row", f"{run.id} runs for nothing", run.id)
    for one in all_ids - runs.keys():
        yield finding("I9", "process-missing", f"{one} was never started", one)
    for one in open_ids - running:
        yield finding("I9", "process-not-running", f"{one} has ended, its row is open", one)
    for one in running & all_ids - open_ids:
        yield finding("I9", "process-not-ended", f"{one} runs, its row is closed", one)
    for one, many in runs.items():
        if many > 1:
            yield finding("I2", "process-twice", f"{one} ran {many} times", one)


def _expected(facts: Facts) -> tuple[set[str], set[str]]:
    """Ids of processes of open rows, and of all rows that have one."""
    open_ids, all_ids = set(), set()

    def add(process: str, is_open: bool) -> None:
        all_ids.add(process)
        if is_open:
            open_ids.add(process)

    rows: Any = facts.orders.values()
    for row in rows:
        if row["rule"] is not None:
            add(f"order-attestation/{row['number']}", row["status"] in ("awaiting_attestation", "attested"))
    for row in facts.databases.rows("identity", "applications"):
        add(f"account-approval/{row['number']}", row["status"] in ("waiting", "asked", "approving"))
    for row in facts.databases.rows("identity", "invitations"):
        add(f"invitation/{row['id']}", row["ended_at"] is None)
    return open_ids, all_ids


def _deliveries(facts: Facts) -> Findings:
    """Mails are only of what is committed: no more of one than its row counts attempts, and none without a row."""
    rows = {row["message_id"]: row for row in facts.databases.rows("notifications", "deliveries")}
    for message_id, many in facts.mails.items():
        row = rows.get(message_id)
        if row is None:
            yield finding("I7", "mail-of-nothing", f"{message_id} was mailed, and no delivery knows of it", message_id)
        elif many > row["attempts"]:
            yield finding(
                "I7",
                "mail-uncounted",
                f"{message_id} was mailed {many} times in {row['attempts']} attempts",
                message_id,
            )
        elif many > 1:
            yield finding("I2", "mail-twice", f"{message_id} was mailed {many} times", message_id)
    for message_id, row in rows.items():
        if row["status"] == "sent" and not facts.mails[message_id]:
            yield finding("I7", "mail-lost", f"{message_id} is sent, and never arrived", message_id)
        if row["status"] == "failed":
            yield finding("I6", "mail-failed", f"{row['notification']}: {row['reason']}", message_id)
