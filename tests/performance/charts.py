"""Charts of a run as SVG, drawn by hand: bars, and one of lines."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

COLOURS = ("#2f6f9f", "#d1793a", "#4f9a64", "#a2506b", "#7a6bb0", "#8c8c8c", "#c2a83e", "#3d3d3d")
WIDTH, BAR, GAP, LEFT, PANEL = 860, 22, 12, 250, 210


def draw(document: Mapping[str, Any], folder: Path) -> None:
    """What can be drawn of this run: each figure against its goal, and CPU by part for each order."""
    (folder / "goals.svg").write_text(_goals(document["figures"]))
    for one in document["figures"]:
        if one["id"] in ("P10", "P2"):
            rows = _cpu(one)
            if rows:
                name = {"P10": "an accepted order of 20 lines", "P2": "an attested order of 20 lines"}[one["id"]]
                (folder / f"cpu-{one['id'].lower()}.svg").write_text(bars(f"CPU milliseconds for {name}", rows, "ms"))
        if one["id"] == "P5-p50" and one["settings"].get("over_load"):
            (folder / "load.svg").write_text(_over_load(one["settings"]["over_load"]))


def _goals(figures: Sequence[Mapping[str, Any]]) -> str:
    """How far each figure is on its way: 100 % is the goal."""
    rows = []
    for one in figures:
        if one["value"] and not one["id"].startswith("BAD"):
            number = float(one["goal"].split()[1])
            share = one["value"] / number if one["goal"].startswith(">=") else number / one["value"]
            rows.append((f"{one['id']}  {one['value']:g} {one['unit']} ({one['goal']})", min(share, 2.0) * 100))
    return bars("Share of the goal that was reached (200 % and more are cut)", rows, "%", mark=100)


def _cpu(figure: Mapping[str, Any]) -> list[tuple[str, float]]:
    of_sizes = [one for name, one in figure["settings"].items() if name.endswith(" orders")]
    if not of_sizes:
        return []
    subject = of_sizes[-1]["subject"]
    parts = {name.removeprefix("cpu_ms_"): each for name, each in subject.items() if name.startswith("cpu_ms_")}
    parts = parts or {name: each * 1000 for name, each in subject["cpu_seconds_per_unit"].items() if name != "worker"}
    return sorted(parts.items(), key=lambda part: -part[1])


def _over_load(points: Sequence[Mapping[str, Any]]) -> str:
    offered = [one["offered"] for one in points]
    latencies = {
        f"{what}, {q}": [one[name][q] for one in points]
        for name, what in (("answer_ms", "answer"), ("commit_to_effect_ms", "commit to effect"))
        for q in ("p50", "p99")
    }
    panels = [
        lines("Orders placed a second", offered, {"placed": [one["placed"] for one in points], "offered": offered}),
        lines("Milliseconds", offered, latencies),
    ]
    title = "Throughput and latency over the load that is offered, in orders a second"
    return "\n".join(
        [
            *_head(title, 50 + len(panels) * PANEL),
            *(f'<g transform="translate(0 {40 + place * PANEL})">{panel}</g>' for place, panel in enumerate(panels)),
            "</svg>",
            "",
        ]
    )


def lines(title: str, xs: Sequence[float], series: Mapping[str, Sequence[float]]) -> str:
    """A panel of `PANEL` height: a line for each series, with its last value; both axes begin at nought."""
    left, right, top, bottom = 60, WIDTH - 230, 26, PANEL - 30
    most, furthest = max(max(each) for each in series.values()) or 1.0, max(xs)
    parts = [
        f'<text x="12" y="14">{escape(title)}</text>',
        f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="#333"/>',
        f'<text x="{left - 6}" y="{top + 5}" text-anchor="end">{most:.3g}</text>',
        f'<text x="{left - 6}" y="{bottom}" text-anchor="end">0</text>',
    ]
    parts += [
        f'<text x="{left + x / furthest * (right - left):.1f}" y="{bottom + 16}" text-anchor="middle">{x:.3g}</text>'
        for x in xs
    ]
    ends: list[float] = []
    for place, (name, ys) in enumerate(sorted(series.items(), key=lambda one: -one[1][-1])):
        colour = COLOURS[place % len(COLOURS)]
        points = [
            (left + x / furthest * (right - left), bottom - y / most * (bottom - top))
            for x, y in zip(xs, ys, strict=True)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        ends.append(max(points[-1][1], ends[-1] + 16 if ends else 0.0))  # names do not cover each other
        parts += [
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
            f'<text x="{right + 8}" y="{ends[-1] + 4:.1f}" fill="{colour}">{escape(name)}: {ys[-1]:.3g}</text>',
        ]
    return "\n".join(parts)


def _head(title: str, height: int) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="12" y="24" font-size="16">{escape(title)}</text>',
    ]


def bars(title: str, rows: Sequence[tuple[str, float]], unit: str, *, mark: float | None = None) -> str:
    """Horizontal bars, one for each row.

    Args:
        mark: where a line stands.
    """
    longest = max([each for _, each in rows] + [mark or 0, 1e-9])
    scale = (WIDTH - LEFT - 90) / longest
    height = 50 + len(rows) * (BAR + GAP)
    parts = _head(title, height)
    for place, (name, each) in enumerate(rows):
        top = 40 + place * (BAR + GAP)
        colour = COLOURS[place % len(COLOURS)] if mark is None else COLOURS[2 if each >= mark else 1]
        parts += [
            f'<text x="{LEFT - 8}" y="{top + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{LEFT}" y="{top}" width="{max(1.0, each * scale):.1f}" height="{BAR}" fill="{colour}"/>',
            f'<text x="{LEFT + each * scale + 6:.1f}" y="{top + 15}">{each:.3g} {escape(unit)}</text>',
        ]
    if mark is not None:
        x = LEFT + mark * scale
        parts.append(
            f'<line x1="{x:.1f}" y1="34" x2="{x:.1f}" y2="{height - 8}" stroke="#333" stroke-dasharray="4 3"/>'
        )
    return "\n".join([*parts, "</svg>", ""])
