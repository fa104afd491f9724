"""python -m faults [--row F-P1,F-K1 | --pair F-P1,F-T1 | --seed 7 --count 5 | --short]"""

import argparse
import asyncio
import dataclasses
import json
import math
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from faults.row import Row, all_rows
from faults.run import BRISK, THOROUGH, Bench, Result, Schedule
from local_stack.layout import ROOT

REPORT = ROOT / ".local" / "faults" / "latest.json"
SHORT_SET = (("F-A1", "F-N1"), ("F-O1", "F-T3"), ("F-P1",), ("F-K1",), ("F-X4",))
"""One fault of each kind, for continuous integration; those that hit different parts come at the same time."""
SHORT = 4.0
"""Seconds that one of them lasts at most."""
DRAWN = 20.0
"""And one of a random schedule."""
ON_ONE_STACK = 8
"""Schedules; then it begins anew."""
MOST_APART = 5.0
"""Seconds between the faults of a random schedule."""


def main() -> int:
    arguments = _arguments()
    rows = all_rows()
    try:
        schedules = _schedules(arguments, rows)
    except KeyError as unknown:
        sys.exit(f"There is no row {unknown}. There are: {', '.join(rows)}.")
    results: list[Result] = []
    for group in [schedules] if arguments.short else _groups(schedules):
        bench = _bench(group, arguments)
        try:
            asyncio.run(_run(bench, group, arguments, results))
        finally:
            bench.close(keep=arguments.keep)
    return 0 if all(result.result == "passed" for result in results) else 1


def _groups(schedules: list[Schedule]) -> list[list[Schedule]]:
    """Those that share a stack: they need the same one, and the checker reads all that it ever did again for each."""
    groups: list[list[Schedule]] = []
    for schedule in schedules:
        if groups and len(groups[-1]) < ON_ONE_STACK and groups[-1][0].needs == schedule.needs:
            groups[-1].append(schedule)
        else:
            groups.append([schedule])
    return groups


def _bench(group: list[Schedule], arguments: argparse.Namespace) -> Bench:
    changes = list(dict.fromkeys(one for schedule in group for row in schedule.rows for one in row.failpoints))
    needs = [schedule.needs for schedule in group]
    return Bench.start(
        arguments.stack,
        arguments.checkout,
        changes,
        arguments.seed,
        fresh=not arguments.reuse,
        split=not arguments.together,
        proxied=sorted(set().union(*(proxied for proxied, _ in needs))),
        clocked=any(clocked for _, clocked in needs),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m faults", description="Fault runs on a stack of their own.")
    parser.add_argument("--stack", default="faulted", help="its name; its data are forgotten first")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--row", help="numbers, one after the other: F-P1,F-K1; all of them by default")
    chosen.add_argument("--pair", help="numbers of faults that come at the same time: F-P1,F-T1")
    chosen.add_argument("--count", type=int, help="so many schedules, drawn from the seed")
    chosen.add_argument(
        "--short", action="store_true", help=f"one fault of each kind, of {SHORT:g} s at most, all on one stack"
    )
    parser.add_argument("--shorter", type=float, default=math.inf, help="no fault lasts longer than so many seconds")
    parser.add_argument("--seed", type=int, default=1, help="of load, choices and schedules")
    parser.add_argument("--checkout", type=Path, default=ROOT, help="whose code is run")
    parser.add_argument(
        "--together",
        action="store_true",
        help="one process for each service instead of each role: for a small machine; a fault then hits all of them",
    )
    parser.add_argument("--reuse", action="store_true", help="go on with the stack that an earlier run kept")
    parser.add_argument("--keep", action="store_true", help="leave the stack running")
    arguments = parser.parse_args()
    if arguments.short or arguments.count:
        arguments.shorter = min(arguments.shorter, SHORT if arguments.short else DRAWN)
    return arguments


def _schedules(arguments: argparse.Namespace, rows: dict[str, Row]) -> list[Schedule]:
    """
    Raises:
        KeyError: there is no such row.
    """
    if arguments.pair:
        return [Schedule.of(*(rows[number] for number in arguments.pair.split(",")))]
    if arguments.count:
        return [_drawn(random.Random(f"{arguments.seed}/{n}"), rows) for n in range(arguments.count)]
    if arguments.row:
        return [Schedule.of(rows[number]) for number in arguments.row.split(",")]
    if arguments.short:
        return [Schedule.of(*(rows[number] for number in numbers)) for numbers in SHORT_SET]
    return [Schedule.of(row) for row in rows.values()]


def _drawn(chance: random.Random, rows: dict[str, Row]) -> Schedule:
    """One fault, or two that overlap."""
    chosen = chance.sample([row for row in rows.values() if row.drawn], chance.choice((1, 2, 2)))
    return Schedule(chosen, [round(chance.uniform(0, MOST_APART), 1) for _ in chosen])


async def _run(bench: Bench, schedules: list[Schedule], arguments: argparse.Namespace, results: list[Result]) -> None:
    """Adds to the results."""
    pace = BRISK if arguments.short or arguments.count else THOROUGH
    async with httpx2.AsyncClient(limits=httpx2.Limits(keepalive_expiry=2)) as http:
        await bench.open(http)
        for schedule in schedules:
            print(f"{schedule.name:<16} {'; '.join(row.fault for row in schedule.rows)}", flush=True)
            results.append(await bench.run(schedule, pace, arguments.shorter))
            _show(results[-1])
            _report(results, arguments)


def _show(result: Result) -> None:
    progress = result.progress
    print(
        f"  {result.result}; orders/s {progress['before']} before, {progress['during']} during, {progress['after']} after; "
        f"served again after {progress['recovered_after_s']} s, quiet after {progress['quiet_after_s']} s",
        flush=True,
    )
    for reason in result.why:
        print(f"  {reason}")
    for found in result.findings[:20]:
        print(f"  {found['invariant']} {found['kind']}: {found['what']}", flush=True)
    if len(result.findings) > 20:
        print(f"  … and {len(result.findings) - 20} more")


def _report(results: list[Result], arguments: argparse.Namespace) -> None:
    """After every row, so that a run that is broken off leaves what it saw."""
    commit = subprocess.run(
        ["git", "-C", str(arguments.checkout), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "seed": arguments.seed,
        "rows": [dataclasses.asdict(result) for result in results],
    }
    REPORT.write_text(json.dumps(report, indent=2, default=str) + "\n")


if __name__ == "__main__":
    sys.exit(main())
