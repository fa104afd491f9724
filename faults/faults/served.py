"""How orders were served in some part of a run, from the journal."""

import json
from pathlib import Path

from faults.load import Load

ON_TIME = Load.ON_TIME


def order_seconds(journal: Path, since: float, until: float) -> list[float | None]:
    """From the wish to the acknowledgement of each order that was wished for in that time; None: not acknowledged yet."""
    begun: dict[str, float] = {}
    acknowledged: dict[str, float] = {}
    for line in journal.read_text().splitlines():
        said = json.loads(line)
        if said.get("kind") != "order.submit":
            continue
        if "asked" in said and since <= said["at"] < until:
            begun[said["intent"]] = said["at"]
        elif said["intent"] in begun and (said.get("status") or 500) < 400:
            acknowledged.setdefault(said["intent"], said["answered_at"])
    return [acknowledged[intent] - at if intent in acknowledged else None for intent, at in begun.items()]


def on_time(journal: Path) -> float:
    """Seconds in which an order is acknowledged on time in this run, as the checker sees it."""
    marks = [said for said in map(json.loads, journal.read_text().splitlines()) if "mark" in said]
    before, fault = (next(one["at"] for one in reversed(marks) if one["mark"] == what) for what in ("before", "fault"))
    return max(ON_TIME, 3 * percentile(order_seconds(journal, before, fault), 0.9))


def percentile(seconds: list[float | None], share: float) -> float:
    """What so many had at most; infinite where that many were not served."""
    ordered = sorted(float("inf") if one is None else one for one in seconds)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("inf")
