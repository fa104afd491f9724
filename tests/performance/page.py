"""Puts a full run into docs/performance.md, between its markers, and its charts beside it."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: written by make bench PUBLISH=1 -->", "<!-- end of figures -->"


def publish(document: Mapping[str, Any], folder: Path, page: Path) -> None:
    """
    Args:
        folder: where the run's charts are.
    """
    charts = page.with_suffix("")
    charts.mkdir(exist_ok=True)
    drawn = sorted(folder.glob("*.svg"))
    for chart in drawn:
        shutil.copy(chart, charts / chart.name)
    text = page.read_text()
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    pictures = [f"![{chart.stem}]({charts.name}/{chart.name})" for chart in drawn]
    page.write_text(
        before
        + "\n".join([BEGIN, "", *_run(document), "", *_table(document["figures"]), "", *pictures, "", END])
        + after
    )


def _run(document: Mapping[str, Any]) -> list[str]:
    machine = document["machine"]
    return [
        f"Run of {document['at'].replace('T', ' ').removesuffix('Z')} UTC, seed {document['seed']}, in {document['seconds']} s, "
        f"on {machine['cpus']} cores ({machine['cpu']}), {machine['system']}, Python {machine['python']}; "
        f"load at the start {machine['load_at_start']}."
    ]


def _table(figures: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = ["| id | figure | measured | interval | goal | |", "|---|---|---|---|---|---|"]
    for one in figures:
        verdict = f"void: {one['void']}" if one.get("void") else "reached" if one["reached"] else "missed"
        measured = "" if one["value"] is None else f"{one['value']:g} {one['unit']}"
        interval = "" if one["value"] is None else f"{one['low']:g} to {one['high']:g}"
        rows.append(f"| {one['id']} | {one['figure']} | {measured} | {interval} | {one['goal']} | {verdict} |")
    return rows
