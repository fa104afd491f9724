"""The steps as a timeline, each with where to find what it left behind."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.steps import ANY_KEY, Step, Trail


@dataclass(frozen=True, slots=True)
class Seen:
    key: str | None
    at: datetime
    place: str
    """Partition/offset."""
    body: dict[str, Any]


CLOCKS = timedelta(milliseconds=50)
"""Of one machine, read by different processes."""

Places = dict[str, list[Seen]]
"""Every event that the subscriber saw, by type."""


def places_of(records: Iterable[dict[str, Any]]) -> Places:
    found: Places = defaultdict(list)
    for record in records:
        headers = record["headers"]
        if "ce_type" in headers and "ce_time" in headers:
            at = datetime.fromisoformat(headers["ce_time"])
            place = f"{record['partition']}/{record['offset']}"
            found[headers["ce_type"]].append(Seen(record["key"], at, place, record["value"] or {}))
    return found


def place(step: Step, trail: Trail, places: Places) -> str | None:
    """The last such event before the step ended; None: the subscriber never saw it."""
    end = step.at + timedelta(seconds=step.seconds) + CLOCKS
    found = [seen for seen in places.get(trail.type, ()) if trail.fits(seen.body)]
    if trail.key != ANY_KEY:
        found = [seen for seen in found if seen.key == trail.key and seen.at <= end]
    return max(found, key=lambda seen: seen.at).place if found else None


def missing(steps: Iterable[Step], places: Places) -> list[str]:
    """Events that steps claim and the subscriber has not seen."""
    return [
        f"{step.number} {trail.type} of {trail.key}"
        for step in steps
        for trail in step.trails
        if place(step, trail, places) is None
    ]


def show_step(console: Console, step: Step) -> None:
    """One line per step as it ends, and one for what it showed."""
    mark, style = ("✗", "bold red") if step.failure else ("✓", "green")
    line = Text.assemble(
        (f"{mark} ", style),
        (f"{step.number}  ", "bold"),
        (f"{step.who} ", "cyan"),
        step.what,
        (f"  {step.service} {step.seconds:.2f} s", "dim"),
    )
    console.print(line)
    if step.refusals:
        console.print(Text(f"        refused: {', '.join(step.refusals)}", "yellow"))
    if step.notes:
        console.print(Text(f"        {'; '.join(step.notes)}", "dim"))
    if step.failure:
        console.print(Text(f"        {step.failure}", "red"))


def _on_topic(trail: Trail) -> str:
    """A type begins with its topic."""
    topic = ".".join(trail.type.split(".")[:3])
    return f"{topic} · {trail.type.removeprefix(topic + '.')}"


def show_timeline(console: Console, steps: Iterable[Step], places: Places) -> None:
    table = Table(title="Timeline", box=None, pad_edge=False, header_style="bold", show_edge=False)
    for heading in (
        "when (UTC)",
        "step",
        "who",
        "what",
        "service",
        "topic · event type · partition/offset, or process",
    ):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("when (UTC)", "step", "service"))
    for step in sorted(steps, key=lambda one: one.at):
        left = [f"{_on_topic(trail)} · {place(step, trail, places) or 'not seen'}" for trail in step.trails]
        table.add_row(
            f"{step.at:%H:%M:%S.%f}"[:-3],
            step.number,
            step.who,
            step.what if not step.failure else f"FAILED {step.what}",
            step.service,
            "\n".join(left + step.workflows),
        )
    console.print(table)
