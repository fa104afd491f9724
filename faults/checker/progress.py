"""I6: drained, and back at 0.95 of the rate within 30 seconds of the end of the fault, by itself."""

from dataclasses import asdict, dataclass

from checker.facts import Facts
from checker.findings import Findings, finding
from checker.told import Intent, Told

RECOVERS_WITHIN = 30.0
SHARE = 0.95
SLOWEST = 2.0
"""Seconds in which an order is acknowledged on time; or three times as long as nine in ten took before the fault."""


@dataclass(frozen=True)
class Progress:
    """Rates in orders acknowledged a second; None: it was not measured."""

    before: float | None = None
    during: float | None = None
    after: float | None = None
    on_time_s: float | None = None
    recovered_after_s: float | None = None
    quiet_after_s: float | None = None


def measure(told: Told, quiet_after: float, window: float) -> Progress:
    """Of the last fault in the journal."""
    marks = [told.last_mark(what) for what in ("before", "fault", "fault-over", "load-over")]
    before, fault, over, end = (mark.at if mark else None for mark in marks)
    if before is None or fault is None or over is None or end is None:
        return Progress(quiet_after_s=round(quiet_after, 1))
    orders = told.of("order.submit")
    usual = sorted(one.seconds for one in orders if before <= one.begun_at < fault and one.seconds is not None)
    on_time = max(SLOWEST, 3 * usual[int(len(usual) * 0.9)]) if usual else SLOWEST
    recovered = _recovered(orders, over, end, on_time, window)
    after = over + (recovered if recovered is not None else 0)
    return Progress(
        before=_rate(orders, before, fault),
        during=_rate(orders, fault, over),
        after=_rate(orders, after, end),
        on_time_s=round(on_time, 2),
        recovered_after_s=recovered,
        quiet_after_s=round(quiet_after, 1),
    )


def _rate(orders: list[Intent], since: float, until: float) -> float | None:
    if until - since < 1:
        return None
    acknowledged = [one for one in orders if one.successes and since <= one.successes[0].answered_at < until]
    return round(len(acknowledged) / (until - since), 2)


def _recovered(orders: list[Intent], over: float, end: float, on_time: float, window: float) -> float | None:
    """Seconds to the first moment from which on all but one in twenty were served on time, for a whole window."""
    second = 0.0
    while over + second + window <= end:
        begun = [one for one in orders if over + second <= one.begun_at < over + second + window]
        prompt = [one for one in begun if one.seconds is not None and one.seconds <= on_time]
        if begun and len(prompt) >= SHARE * len(begun):
            return second
        second += 0.5
    return None


def check(facts: Facts, progress: Progress) -> Findings:
    fault = facts.told.last_mark("fault")
    when = fault.at if fault else ""
    for what, many in facts.left.items():
        yield finding("I6", "not-drained", f"{many} {what}", what, when)
    if facts.told.last_mark("load-over") and (
        progress.recovered_after_s is None or progress.recovered_after_s > RECOVERS_WITHIN
    ):
        yield finding("I6", "not-recovered", f"served on time again: {progress.recovered_after_s}", when)
    for intent in facts.told.intents:
        if intent.gave_up:
            yield finding("I6", "gave-up", f"{intent.kind} got no final answer", intent.id)


def as_document(progress: Progress) -> dict[str, float | None]:
    return asdict(progress)
