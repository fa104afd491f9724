"""python -m tests.performance [FIGURE ...]: measures the figures and writes .local/bench/latest.json."""

import argparse
import asyncio
import json
import os
import platform
import random
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import local_stack
from chassis.garbage import collect_less_often
from tests.performance import (  # noqa: F401
    cart,
    company_import,
    effects,
    events,
    faulty,
    kills,
    lists,
    memory,
    orders,
    processes,
    setup,
    sign_in,
    wholesale,
)
from tests.performance.charts import draw
from tests.performance.figures import Benchmark, Result, Shape, Void, benchmarks
from tests.performance.page import publish
from tests.performance.stage import NAME, Stage

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".local" / "bench"
TIME_LIMIT = 400.0
"""Seconds for one benchmark; one that hangs must not take the others with it."""
ORDER = [Shape.INFRASTRUCTURE, Shape.SPLIT, Shape.WHOLE, Shape.NOTHING]


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.performance", description=__doc__)
    options.add_argument("figures", nargs="*", metavar="FIGURE", help="P1, P5 ... (all)")
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    options.add_argument("--quick", action="store_true", help="small sizes, to see that everything works")
    options.add_argument("--keep", action="store_true", help="leave the stack running")
    options.add_argument("--publish", action="store_true", help="put a full run into docs/performance.md")
    chosen = options.parse_args()
    wanted = [one for one in benchmarks if not chosen.figures or _names(one, chosen.figures)]
    if not wanted:
        options.error(f"no such figure; there are {', '.join(one for each in benchmarks for one in each.ids)}")
    console = Console(width=None if sys.stdout.isatty() else 140)
    collect_less_often()  # as the services do: references and subjects that run in here are as quick as there
    results = asyncio.run(_run(wanted, chosen, console))
    _show(results, console)
    return 0


def _names(benchmark: Benchmark, figures: list[str]) -> bool:
    return any(one == name or one.startswith(f"{name}-") for one in benchmark.ids for name in figures)


async def _run(wanted: list[Benchmark], chosen: argparse.Namespace, console: Console) -> list[Result]:
    stage, results, begun = Stage(seed=chosen.seed, quick=chosen.quick), list[Result](), time.monotonic()
    machine = _machine()
    console.print(f"{machine['cpus']} CPUs, Python {machine['python']}, seed {chosen.seed}")
    try:
        for one in sorted(wanted, key=lambda one: ORDER.index(one.shape)):
            since = time.monotonic()
            measured = await _measure(one, stage)
            results += measured
            for result in measured:
                console.print(f"[{time.monotonic() - begun:5.0f} s] {_line(result)}")
                if result.measured:
                    stage.results[result.id] = result.measured.value
            console.print(f"          {one.shape}, {time.monotonic() - since:.0f} s", style="dim")
            document = _write(results, chosen, machine, time.monotonic() - begun)
        if chosen.publish:
            publish(document, FOLDER, ROOT / "docs" / "performance.md")
    finally:
        await stage.close()
        if not chosen.keep:
            await asyncio.to_thread(local_stack.down, NAME)
    return results


async def _measure(one: Benchmark, stage: Stage) -> list[Result]:
    try:
        await stage.become(one.shape)
        async with asyncio.timeout(TIME_LIMIT):
            return await one.measure(stage)
    except Void as void:
        return [Result(name, None, void=str(void)) for name in one.ids]
    except Exception as error:  # noqa: BLE001 - the other figures have their turn
        Console(stderr=True).print_exception(max_frames=8)
        return [Result(name, None, void=f"{type(error).__name__}: {error}"[:300]) for name in one.ids]


def _machine() -> dict[str, Any]:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "cpu": names[0] if names else platform.processor(),
        "load_at_start": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
    }


def _write(
    results: list[Result], chosen: argparse.Namespace, machine: dict[str, Any], seconds: float
) -> dict[str, Any]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    document = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(seconds),
        "seed": chosen.seed,
        "quick": chosen.quick,
        "machine": machine,
        "figures": [one.as_json() for one in results],
    }
    name = "latest.json" if not chosen.figures and not chosen.quick else "partial.json"
    (FOLDER / name).write_text(json.dumps(document, indent=2) + "\n")
    draw(document, FOLDER)
    return document


def _line(result: Result) -> str:
    if result.measured is None:
        return f"{result.id}: void: {result.void}"
    one = result.as_json()
    verdict = "void: " + result.void if result.void else "reached" if result.reached else "MISSED"
    return (
        f"{result.id}: {one['value']:g} [{one['low']:g} - {one['high']:g}] {one['unit']}, goal {one['goal']}: {verdict}"
    )


def _show(results: list[Result], console: Console) -> None:
    table = Table("id", "figure", "value", "interval", "unit", "goal", "")
    for result in results:
        one = result.as_json()
        if result.measured is None:
            table.add_row(result.id, one["figure"], "", "", one["unit"], one["goal"], f"void: {result.void}")
            continue
        verdict = f"void: {result.void}" if result.void else "reached" if result.reached else "missed"
        interval = f"{one['low']:g} - {one['high']:g}"
        table.add_row(result.id, one["figure"], f"{one['value']:g}", interval, one["unit"], one["goal"], verdict)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
